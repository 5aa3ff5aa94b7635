"""What kind of object this is, and its bytes as UTF-8 text or as a seekable file. No rows here."""

import codecs
import gzip
import zlib
from enum import StrEnum
from typing import IO, Final, Protocol, cast

from empi_pipeline.errors import UnreadableObjectError
from empi_pipeline.intake.layout import SourceLayout

DATA_SUFFIXES: Final = {
    "csv": "csv",
    "txt": "csv",
    "tsv": "csv",
    "ndjson": "ndjson",
    "jsonl": "ndjson",
    "parquet": "parquet",
}
"""Suffix -> format; each may be followed by `.gz`."""

_OTHER_MAGIC: Final = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"\xd0\xcf\x11\xe0": "an old Microsoft Office file",
    b"%PDF": "a PDF document",
    b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
}

_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_UNDECODABLE: Final = "empi_undecodable"
# What cannot be decoded becomes a byte that is not UTF-8 either, so that its row, and only its row, is rejected.
codecs.register_error(_UNDECODABLE, lambda error: ("\udcff", getattr(error, "end", 0)))


class ByteStream(Protocol):
    """What a reader needs of a file, a response body or a buffer."""

    def read(self, size: int = ..., /) -> bytes:
        """Up to `size` bytes; empty at the end only."""
        ...


class Format(StrEnum):
    """The formats that are read."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


def is_data_name(object_name: str) -> bool:
    """Whether the suffix is one of a format that is read."""
    return _suffix(object_name) in DATA_SUFFIXES


def _suffix(object_name: str) -> str:
    name = object_name.rpartition("/")[2].lower().removesuffix(".gz")
    return name.rpartition(".")[2] if "." in name else ""


class PeekedStream:
    """A stream whose first bytes can be looked at before they are read."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._ahead = b""

    def peek(self, size: int) -> bytes:
        """The first `size` bytes, fewer when there are no more."""
        self._ahead += read_fully(self._stream, size - len(self._ahead))
        return self._ahead[:size]

    def read(self, size: int = 1 << 20, /) -> bytes:
        """Up to `size` bytes."""
        if self._ahead:
            head, self._ahead = self._ahead[:size], self._ahead[size:]
            return head
        return self._stream.read(size)


def read_fully(stream: ByteStream, size: int) -> bytes:
    """Exactly `size` bytes, fewer only at the end: a network stream may return less than asked for."""
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


class _GunzippedStream:
    def __init__(self, stream: ByteStream, object_name: str) -> None:
        self._file = gzip.GzipFile(fileobj=cast(IO[bytes], stream), mode="rb")  # Only its read() is called.
        self._object_name = object_name

    def read(self, size: int = 1 << 20, /) -> bytes:
        try:
            return bytes(self._file.read(size))
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise UnreadableObjectError(
                "bad_gzip", f"{self._object_name}: the gzip data is damaged or incomplete; deliver the object again"
            ) from None


class _Utf8Stream:
    """Text in another encoding as UTF-8; bytes that cannot be decoded stay invalid."""

    def __init__(self, stream: ByteStream, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors=_UNDECODABLE)

    def read(self, size: int = 1 << 20, /) -> bytes:
        while True:
            block = self._stream.read(size)
            text = self._decoder.decode(block, final=not block).encode("utf-8", "surrogateescape")
            if text or not block:
                return text


def recognise(stream: ByteStream, object_name: str) -> tuple[Format, PeekedStream]:
    """Tell the format by content first, by suffix where the content does not say.

    Args:
        stream: The object from its beginning.
        object_name: For the suffix and for messages.

    Returns:
        The format, and the unpacked bytes from their beginning.

    Raises:
        UnreadableObjectError: Not a format that is read, or damaged gzip data.
    """
    peeked = PeekedStream(stream)
    if peeked.peek(2) == b"\x1f\x8b":
        peeked = PeekedStream(_GunzippedStream(peeked, object_name))
    elif object_name.lower().endswith(".gz") and peeked.peek(1):
        raise UnreadableObjectError("bad_gzip", f"{object_name}: named .gz but not gzip data; deliver the object again")
    head = peeked.peek(8)
    if head.startswith(b"PAR1"):
        return Format.PARQUET, peeked
    for magic, what in _OTHER_MAGIC.items():
        if head.startswith(magic):
            raise UnreadableObjectError(
                "unknown_format", f"{object_name}: this is {what}; deliver CSV, NDJSON (both also as .gz) or Parquet"
            )
    known = DATA_SUFFIXES.get(_suffix(object_name))
    if known == Format.PARQUET:
        raise UnreadableObjectError("bad_parquet", f"{object_name}: named .parquet but not a Parquet file")
    if known is None:
        raise UnreadableObjectError(
            "unknown_format",
            f"{object_name}: unknown kind of object; name it {', '.join('.' + suffix for suffix in DATA_SUFFIXES)}",
        )
    return Format(known), peeked


def as_utf8(peeked: PeekedStream, layout: SourceLayout) -> ByteStream:
    """The text as UTF-8 without byte order mark."""
    head = peeked.peek(3)
    if head.startswith(codecs.BOM_UTF8):
        peeked.read(len(codecs.BOM_UTF8))
        return peeked
    if head.startswith(_UTF16_MARKS):
        return _Utf8Stream(peeked, "utf-16")
    return peeked if codecs.lookup(layout.encoding).name in ("utf-8", "ascii") else _Utf8Stream(peeked, layout.encoding)


def delimiter_of(object_name: str, layout: SourceLayout) -> str:
    """The layout's delimiter, or the one usual for the suffix."""
    return layout.delimiter or ("\t" if _suffix(object_name) == "tsv" else ",")
