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
        local_variance, local_mean = torch.var_mean(x.float(), (0, 2, 3), correction=0)
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
        """Ioffe and Szegedy 2015, section 3, with the two sums over all processes."""
        (gradient,) = gradients
        x, weight, mean, variance = ctx.saved_tensors
        scale = (variance + ctx.eps).rsqrt()
        shape = (1, -1, 1, 1)
        normalized = (x.float() - mean.view(shape)) * scale.view(shape)
        gradient = gradient.float()
        of_bias = gradient.sum((0, 2, 3))
        of_weight = (gradient * normalized).sum((0, 2, 3))
        sums = torch.stack([of_bias, of_weight])
        # DistributedDataParallel averages over processes what each computes of its own images: these stay local.
        dist.all_reduce(sums)
        sums = (sums / ctx.count).view(2, *shape)
        of_x = (gradient - sums[0] - normalized * sums[1]) * (weight * scale).view(shape)
        return of_x.to(x.dtype), of_weight, of_bias, None, None, None, None
