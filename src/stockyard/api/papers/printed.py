"""Letters as the PDF's fonts can print them.

Promises: whatever the fonts have stays as it is; an accented letter loses its accent before it is
lost, Greek and Cyrillic are spelled in Latin letters as passports spell them (ICAO Doc 9303, part
3, section 6), and only what is left is a question mark. Must not know: what is written.
"""

import unicodedata
from typing import Final

ENCODING: Final = "cp1252"
_LOST: Final = "?"
_SMALL_CYRILLIC: Final = (
    "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh shch ie y  e iu ia"
    " e e d g ie dz i i j lj nj c k i u dz"
)
"""From U+0430 on."""
_SMALL_GREEK: Final = "a v g d e z i th i k l m n x o p r s s t y f ch ps o"
"""From U+03B1 on."""
_SPELLED: Final[dict[str, str]] = {
    **{chr(0x0430 + at): word for at, word in enumerate(_SMALL_CYRILLIC.split(" "))},
    **{chr(0x03B1 + at): word for at, word in enumerate(_SMALL_GREEK.split(" "))},
    **dict(zip("\u0491\u0142\u0111\u0127\u0131\u014b\u0167\u017f\u0259", "gldhintse", strict=True)),
}


def as_printed(text: str) -> str:
    """The text in letters that the fonts have."""
    try:
        text.encode(ENCODING)
    except UnicodeEncodeError:
        composed = unicodedata.normalize("NFC", text)
        return "".join(map(_letter, composed))
    return text


def _letter(letter: str) -> str:
    if _has(letter):
        return letter
    spelled = _SPELLED.get(letter.lower())
    if spelled is not None:
        return spelled if letter.islower() else spelled.capitalize()
    bare = [one for one in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(one)]
    if bare and bare != [letter]:
        return "".join(map(_letter, bare))
    return "" if unicodedata.combining(letter) else _LOST


def _has(letter: str) -> bool:
    try:
        letter.encode(ENCODING)
    except UnicodeEncodeError:
        return False
    return True
