"""The one photograph of a face that tests have: it comes with Matplotlib, so none of anybody is in the repository.

It shows Rear Admiral Grace Hopper (U.S. Navy, public domain).
"""

from io import BytesIO
from pathlib import Path

from matplotlib import cbook
from PIL import Image, ImageOps

PHOTO = Path(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))


def photo(change: str = "", *, kind: str = "JPEG", orientation: int = 0) -> bytes:
    """Return the photograph, mirrored, doubled or stored sideways."""
    with Image.open(PHOTO) as opened:
        picture = opened.convert("RGB")
    if change == "mirrored":
        picture = ImageOps.mirror(picture)
    if change == "twice":
        both = Image.new("RGB", (picture.width * 2, picture.height))
        both.paste(picture, (0, 0))
        both.paste(picture, (picture.width, 0))
        picture = both
    out, exif = BytesIO(), Image.Exif()
    if orientation:
        exif[0x0112] = orientation
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    picture.save(out, kind, exif=exif, quality=90)
    return out.getvalue()
