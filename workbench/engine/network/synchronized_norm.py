"""Batch normalization over the images of several processes, so that their number does not change the result."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional


def synchronized(network: nn.Module, device: torch.device) -> nn.Module:
    """The network with every batch norm looking at all processes' images; weights and their names stay."""
    if device.type == "cuda":
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return converted
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.BatchNorm2d:
                setattr(parent, name, _SynchronizedBatchNorm.like(child))
    return network


class _SynchronizedBatchNorm(nn.BatchNorm2d):
    """torch's SyncBatchNorm wants a GPU (torch/nn/modules/batchnorm.py); this one works on the CPU.

    Input and output: (N, C, H, W), N the images of this process; every process must have as many.
    """

    @classmethod
    def like(cls, norm: nn.BatchNorm2d) -> "_SynchronizedBatchNorm":
        """The same parameters and buffers, not copies of them."""
        made = cls(norm.num_features, eps=norm.eps, momentum=norm.momentum)
        made.weight, made.bias = norm.weight, norm.bias
        made.running_mean, made.running_var = norm.running_mean, norm.running_var
        made.num_batches_tracked = norm.num_batches_tracked
        return made.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        mean, variance, count = _statistics(x)
        with torch.no_grad():
            self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
            momentum = 0.1 if self.momentum is None else self.momentum
            # The unbiased one, as in nn.BatchNorm2d.
            self.running_mean.lerp_(mean, momentum)  # type: ignore[union-attr]
            self.running_var.lerp_(variance * (count / (count - 1)), momentum)  # type: ignore[union-attr]
        normalized: Tensor = _Normalize.apply(x, self.weight, self.bias, mean, variance, self.eps, count)
        return normalized


def _statistics(x: Tensor) -> tuple[Tensor, Tensor, int]:
    """(C,) mean and biased variance over all processes, and the number of values per channel."""
    with torch.no_grad():
        # One pass. That there are running statistics to be updated, though by nothing, makes it answer in fp32.
        unused = x.new_zeros((2, x.shape[1]), dtype=torch.float32)
        local_mean, local_variance = torch.batch_norm_update_stats(x, unused[0], unused[1], 0.0)
        # Chan et al. 1983: means and variances of equal parts; differences of large sums would cancel.
        sums = torch.stack([local_mean, local_variance, local_mean.square()])
        spread = [torch.empty_like(sums) for _ in range(dist.get_world_size())]
        dist.all_gather(spread, sums)
        parts = torch.stack(spread).double()
        mean = parts[:, 0].mean(0)
        variance = parts[:, 1].mean(0) + (parts[:, 0] - mean).square().mean(0)
    count = x.numel() // x.shape[1] * len(spread)
    return mean.float(), variance.float(), count


class _Normalize(torch.autograd.Function):
    """(x - mean) / sqrt(variance + eps) * weight + bias; its gradient flows through the statistics too."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, eps: float,
        count: int,
    ) -> Tensor:  # fmt: skip
        ctx.save_for_backward(x, weight, mean, variance)
        ctx.eps, ctx.count = eps, count  # type: ignore[attr-defined]
        return functional.batch_norm(x, mean, variance, weight, bias, training=False, eps=eps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Ioffe and Szegedy 2015, section 3, with the two sums over all processes.

        torch's kernel takes the sums of this process alone for the input's gradient. What that is off by is
        linear in the input, as normalization is, so that another of its kernels gives it.
        """
        (gradient,) = gradients
        x, weight, mean, variance = ctx.saved_tensors
        scale = (variance + ctx.eps).rsqrt()
        of_x, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient, x, weight, None, None, mean, scale, True, ctx.eps, [True, True, True]
        )
        own = torch.stack([of_bias, of_weight])
        everyones = own.clone()
        # DistributedDataParallel averages over processes what each computes of its own images: those stay.
        dist.all_reduce(everyones)
        off = (own / (x.numel() // x.shape[1]) - everyones / ctx.count) * (weight * scale)
        of_x += functional.batch_norm(x, mean, variance, weight=off[1], bias=off[0], training=False, eps=ctx.eps)
        return of_x, of_weight, of_bias, None, None, None, None
