"""Source text of an exported network's own last part: reading weights and images, and its command line."""

# Reads images exactly as `engine/data/decoding.py` does, and normalizes them with `device_images.py`'s arithmetic.
_IMAGES = '''\
def load(path: str | Path = Path(__file__).with_name(WEIGHTS)) -> ResNet:
    """The trained network, ready to classify."""
    network = ResNet()
    # weights_only: a state dict is data; a file that holds code instead is refused.
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval()


def prepare(image: "PIL.Image.Image") -> Tensor:
    """An opened image as a (3, INPUT_SIZE, INPUT_SIZE) tensor, normalized as in training."""
    import numpy as np
    from PIL import Image, ImageOps

    # A JPEG is decoded to a half, a fourth or an eighth of its size where that is enough.
    image.draft(image.mode, (2 * INPUT_SIZE, 2 * INPUT_SIZE))
    image.load()
    held = image.getexif().get(0x0112, 1)
    image = scalable(image)
    if image.size != (INPUT_SIZE, INPUT_SIZE):
        # The largest square in the middle, resized.
        image = ImageOps.fit(image, (INPUT_SIZE, INPUT_SIZE), Image.Resampling.LANCZOS)
    # Cameras store how they were held beside the pixels, not in them.
    image.getexif()[0x0112] = held
    image = on_white(ImageOps.exif_transpose(image))
    pixels = torch.from_numpy(np.array(image)).float()
    mean, std = torch.tensor(MEAN), torch.tensor(STD)
    # (pixels / 255 - mean) / std as one multiplication and one addition: training's, to the bit.
    normalized = torch.addcmul(-mean / std, pixels, 1 / (255 * std))
    # Images come as (height, width, channel); convolutions want the channel first.
    return normalized.permute(2, 0, 1).contiguous()


def scalable(image: "PIL.Image.Image") -> "PIL.Image.Image":
    """In a mode whose values may be averaged, of 8 bits per channel."""
    import numpy as np
    from PIL import Image

    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(f"pixels of mode {image.mode}; expected 8 or 16 bits per channel")
    if image.has_transparency_data:
        return image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def on_white(image: "PIL.Image.Image") -> "PIL.Image.Image":
    """Without transparency."""
    from PIL import Image

    if image.mode in ("RGBA", "LA"):
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return image.convert("RGB")'''

_MAIN = '''\
@torch.inference_mode()
def main(paths: list[str]) -> None:
    """Print the NUMBER most probable classes of each image; without images, what this network is."""
    from PIL import Image

    network = load()
    if not paths:
        parameters = sum(parameter.numel() for parameter in network.parameters())
        print(f"{__doc__}\\n{WEIGHTS} has {parameters:,} parameters for {len(CLASSES)} classes.")
    for path in paths:
        with Image.open(path) as image:
            logits = network(prepare(image)[None])[0]
        # Softmax: from logits to probabilities that sum to 1.
        probabilities, classes = logits.softmax(0).topk(TOP)
        print(path)
        for probability, index in zip(probabilities.tolist(), classes.tolist()):
            print(f"  {probability:6.1%}  {CLASSES[index]}")'''

_MAIN_UNTRAINED = '''\
@torch.inference_mode()
def main() -> None:
    """Send one random image through the network, to see that it works."""
    network = build().eval()
    parameters = sum(parameter.numel() for parameter in network.parameters())
    images = torch.randn(1, 3, INPUT_SIZE, INPUT_SIZE)
    logits = network(images)
    print(f"{__doc__}\\n{parameters:,} parameters; {tuple(images.shape)} to {tuple(logits.shape)}")'''

# TOP and NUMBER stand for how many classes are printed.
TRAINED_END = (_IMAGES, _MAIN, 'if __name__ == "__main__":\n    main(sys.argv[1:])')
UNTRAINED_END = (_MAIN_UNTRAINED, 'if __name__ == "__main__":\n    main()')
