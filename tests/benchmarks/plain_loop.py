"""The rival: a CIFAR-10 training loop as tutorials write it, with the same network.

fp32, NCHW, a DataLoader with 2 workers over PIL images, torchvision's transforms one image at a time,
SGD with momentum. Nothing is slowed down on purpose. Prints images/s.
"""

import time
from pathlib import Path

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from tests.benchmarks.arguments import one_run
from tests.generators import result_of
from workbench.core.data.dataset import Dataset as Images
from workbench.core.home import Home
from workbench.core.settings.config import DataConfig
from workbench.core.settings.presets import Presets
from workbench.engine.data import sources
from workbench.engine.network import resnet

BATCH = 128


class PilImages(Dataset):
    """Decoded PIL images in memory, transformed when asked for, as torchvision.datasets.CIFAR10 does."""

    def __init__(self, folder: Path) -> None:
        images = Images.require(folder).train
        self.images = [Image.fromarray(pixels) for pixels in images.images]
        self.labels = images.labels.tolist()
        self.transform = transforms.Compose(
            [
                transforms.RandomCrop(32, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(*DataConfig(normalization="cifar10").normalized_by[1:]),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(self.images[index]), self.labels[index]


def main() -> None:
    folder, model, seconds_wanted = one_run()
    images = PilImages(result_of(sources.read("cifar10-jpeg", 32, Home(folder).prepare())))
    loader = DataLoader(images, BATCH, shuffle=True, num_workers=2, drop_last=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = resnet.ResNet(Presets.load().model(model).config).to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    network.train()
    steps, started = -3, 0.0  # three steps to warm up
    while True:
        for batch, labels in loader:
            optimizer.zero_grad()
            loss = criterion(network(batch.to(device)), labels.to(device))
            loss.backward()
            optimizer.step()
            steps += 1
            if steps == 0:
                started = time.perf_counter()
            seconds = time.perf_counter() - started
            if steps >= 4 and seconds >= seconds_wanted:
                loss.item()  # waits for the GPU
                seconds = time.perf_counter() - started
                print(BATCH * steps / seconds)
                return


if __name__ == "__main__":
    main()
