# /// script
# requires-python = ">=3.11"
# dependencies = ["fonttools>=4.50", "freetype-py>=2.5"]
# ///
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201
"""Make the bundled fonts from their sources; run once by a maintainer, never at build or run time.

``python scripts/prepare_fonts.py SOURCES OUT`` where SOURCES holds the unpacked upstream packages that
content/beffroi_content/fonts/README.md names.

Three things are done to an outline font, all of them so that every machine draws the same pixels quickly:

* it is cut down to the characters that a town needs;
* its pair kerning is copied from GPOS into a plain ``kern`` table, which Pillow's basic layout reads, so that Latin
  text never goes through FriBiDi, a system library that may be missing;
* it gets a ``prep`` program that does nothing but is long enough for FreeType not to call its automatic hinter,
  which is slow and pointless at these sizes.

Bitmap fonts become BDF with a proportional advance: a fixed cell wastes a third of a small panel. Those that come from
Terminus Font are called Clocher, since its licence reserves the name for the original.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import freetype
from fontTools import subset
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._k_e_r_n import KernTable_format_0
from fontTools.ttLib.tables.ttProgram import Program

LATIN = [*range(0x20, 0x7F), *range(0xA0, 0x250), *range(0x1E00, 0x1F00), *range(0x2000, 0x206F)]
LATIN += [*range(0x2070, 0x20D0), *range(0x2100, 0x2190), 0x2212, 0x2260, 0x2264, 0x2265, 0xFFFD]
GREEK_AND_CYRILLIC = [*range(0x300, 0x370), *range(0x370, 0x400), *range(0x400, 0x530)]
ARABIC = [*range(0x600, 0x700), *range(0x750, 0x780), 0x20, 0xA0, 0x200C, 0x200D, 0x202F, *range(0x30, 0x3A)]
ARABIC += [ord(character) for character in ".,:;!?()-–/%+"]
HEBREW = [*range(0x590, 0x600), *range(0xFB1D, 0xFB50), 0x20, 0xA0, 0x202F, 0x20AA, *range(0x30, 0x3A)]
HEBREW += [ord(character) for character in ".,:;!?()-–/%+"]
SYMBOLS = [*range(0x2190, 0x2200), *range(0x2300, 0x2400), *range(0x25A0, 0x2800), *range(0x2B00, 0x2B60)]
LED = [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x218, 0x21C), *range(0x384, 0x460), 0x1E9E]
LED += [*range(0x2010, 0x2027), 0x2030, 0x2032, 0x2033, 0x2039, 0x203A, 0x20AC, 0x2116, 0x2122, *range(0x2190, 0x2196)]
LED += [0x2212, 0x2260, 0x2264, 0x2265, 0x25A0, 0x25B2, 0x25B6, 0x25BC, 0x25C0, 0x25CF, 0x2713, 0xFFFD]
COMMON = {
    ord(c)
    for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;-–—’'“”«»ÀÂÇÉÈÊËÎÏÔŒÙÛàâçéèêëîïôœùû"
}

# The full stops of the small Fixed faces are diamonds, which look like a plus sign on a panel.
PLAIN_DOTS = {
    ord("."): (2, 2, 0, 3, ["C0"] * 2),
    ord(":"): (2, 5, 0, 3, ["C0", "C0", "00", "C0", "C0"]),
    ord(","): (2, 3, -1, 3, ["C0", "40", "80"]),
    ord(";"): (2, 6, -1, 3, ["C0", "C0", "00", "C0", "40", "80"]),
}
# Letters that their cells are too narrow for: an M of three or four columns is an H, an N that leans is nothing, the
# bold face of nine pixels is the plain one, smeared to the right, whose m is a block.
_BOLD_M = (7, 9, 0, 8, ["C6", "EE", "FE", "D6", "D6", "C6", "C6", "C6", "C6"])
_M_6, _M_5 = (5, 6, 0, 6, ["88", "D8", "A8", "A8", "88", "88"]), (5, 5, 0, 6, ["88", "D8", "A8", "88", "88"])
WIDE_LETTERS = {
    "Fixed-6x13B": {
        **dict.fromkeys((0x4D, 0x39C, 0x41C), _BOLD_M),
        ord("W"): (7, 9, 0, 8, ["C6", "C6", "C6", "C6", "D6", "D6", "FE", "EE", "C6"]),
        ord("m"): (8, 6, 0, 9, ["FE", "DB", "DB", "DB", "DB", "DB"]),
        ord("w"): (8, 6, 0, 9, ["DB", "DB", "DB", "DB", "FF", "66"]),
    },
    "Fixed-6x10": dict.fromkeys((0x4D, 0x39C, 0x41C), (5, 7, 0, 6, ["88", "D8", "A8", "A8", "88", "88", "88"])),
    "Fixed-5x8": {
        **dict.fromkeys((0x4D, 0x39C, 0x41C), _M_6),
        ord("W"): (5, 6, 0, 6, ["88", "88", "A8", "A8", "D8", "88"]),
    },
    "Fixed-4x6": {
        **dict.fromkeys((0x4D, 0x39C, 0x41C), _M_5),
        **dict.fromkeys((0x4E, 0x39D), (4, 5, 0, 5, ["90", "D0", "B0", "90", "90"])),
        ord("W"): (5, 5, 0, 6, ["88", "88", "A8", "D8", "88"]),
        ord("m"): (5, 4, 0, 6, ["F0", "A8", "A8", "A8"]),
        ord("w"): (5, 4, 0, 6, ["A8", "A8", "A8", "50"]),
    },
}

NOTO = "deb/usr/share/fonts/truetype/noto"
ATKINSON = "ahn/package"
OUTLINES = {
    "AtkinsonHyperlegibleNext-Regular.ttf": ([f"{ATKINSON}/400Regular/AtkinsonHyperlegibleNext_400Regular.ttf"], LATIN),
    "AtkinsonHyperlegibleNext-SemiBold.ttf": (
        [f"{ATKINSON}/600SemiBold/AtkinsonHyperlegibleNext_600SemiBold.ttf"],
        LATIN,
    ),
    "AtkinsonHyperlegibleNext-Bold.ttf": (
        [f"{ATKINSON}/800ExtraBold/AtkinsonHyperlegibleNext_800ExtraBold.ttf"],
        LATIN,
    ),
    "NotoSans-Regular.ttf": ([f"{NOTO}/NotoSans-Regular.ttf"], LATIN + GREEK_AND_CYRILLIC),
    "NotoSans-Bold.ttf": ([f"{NOTO}/NotoSans-Bold.ttf"], LATIN + GREEK_AND_CYRILLIC),
    "NotoSansArabic-Regular.ttf": ([f"{NOTO}/NotoSansArabic-Regular.ttf"], ARABIC),
    "NotoSansArabic-Bold.ttf": ([f"{NOTO}/NotoSansArabic-Bold.ttf"], ARABIC),
    "NotoSansHebrew-Regular.ttf": ([f"{NOTO}/NotoSansHebrew-Regular.ttf"], HEBREW),
    "NotoSansHebrew-Bold.ttf": ([f"{NOTO}/NotoSansHebrew-Bold.ttf"], HEBREW),
    "NotoSansSymbols.ttf": ([f"{NOTO}/NotoSansSymbols-Regular.ttf"], SYMBOLS),
    "NotoSansSymbols2.ttf": ([f"{NOTO}/NotoSansSymbols2-Regular.ttf"], SYMBOLS),
    "NotoEmoji.ttf": (["emo/package/600SemiBold/NotoEmoji_600SemiBold.ttf"], None),
}
MISC = "deb/usr/share/fonts/X11/misc"
BITMAPS = {f"Fixed-{cell}": f"{MISC}/{cell}.pcf.gz" for cell in ("4x6", "5x8", "6x10", "6x13", "6x13B")}
BITMAPS |= {
    f"Clocher-{size}{weight.upper()}": f"{MISC}/ter-u{size}{weight}_unicode.pcf.gz"
    for size, weights in ((14, "nb"), (18, "nb"), (20, "nb"), (24, "b"), (28, "b"), (32, "b"))
    for weight in weights
}


def code_ranges(characters):
    """Return sorted inclusive ranges."""
    found = []
    for code in sorted(characters):
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def pair_kerning(font):
    """Return {(left glyph, right glyph): units} of the plain pair adjustments of GPOS, for common letters only."""
    cmap = font.getBestCmap()
    wanted = {cmap[code] for code in COMMON if code in cmap}
    table = font["GPOS"].table
    indices = {i for f in table.FeatureList.FeatureRecord if f.FeatureTag == "kern" for i in f.Feature.LookupListIndex}
    pairs = {}
    for index in sorted(indices):
        for subtable in table.LookupList.Lookup[index].SubTable:
            inner = getattr(subtable, "ExtSubTable", subtable)
            if inner.LookupType == 2:
                for pair, value in subtable_pairs(inner, wanted):
                    pairs.setdefault(pair, value)
    return {pair: value for pair, value in pairs.items() if value}


def subtable_pairs(inner, wanted):
    """Yield the pairs of one subtable."""
    for position, left in enumerate(inner.Coverage.glyphs):
        if left not in wanted:
            continue
        if inner.Format == 1:
            for record in inner.PairSet[position].PairValueRecord:
                if record.SecondGlyph in wanted and record.Value1:
                    yield (left, record.SecondGlyph), record.Value1.XAdvance
            continue
        row = inner.Class1Record[inner.ClassDef1.classDefs.get(left, 0)].Class2Record
        for right in wanted:
            value = row[inner.ClassDef2.classDefs.get(right, 0)].Value1
            if value and getattr(value, "XAdvance", 0):
                yield (left, right), value.XAdvance


def add_characters(font):
    """Map the narrow no-break space and the no-break hyphen, which the font lacks and French needs, to their likes."""
    for table in font["cmap"].tables:
        for code, like in ((0x202F, 0x2009), (0x2011, 0x2D)):
            table.cmap[code] = table.cmap[like]
    # Upstream's thin space is a hair: the groups of a telephone number would run together.
    glyph = font.getBestCmap()[0x202F]
    font["hmtx"][glyph] = (round(font["head"].unitsPerEm * 0.2), 0)


def write_outline_font(sources, source_paths, characters, target):
    """Write one outline font and return its metrics."""
    font = TTFont(sources / source_paths[0])
    kerning = pair_kerning(font) if "Atkinson" in target.name else {}
    shaped = "Arabic" in target.name or "Hebrew" in target.name
    options = subset.Options(hinting=False, layout_features=["*"] if shaped else [], notdef_outline=True)
    options.name_IDs = ["*"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters or set(font.getBestCmap()))
    subsetter.subset(font)
    if "Atkinson" in target.name:
        add_characters(font)
    if kerning:
        table = newTable("kern")
        table.version = 0
        inner = KernTable_format_0()
        inner.apple, inner.coverage, inner.tupleIndex = False, 1, None
        inner.kernTable = {pair: value for pair, value in kerning.items() if abs(value) >= 4}
        table.kernTables = [inner]
        font["kern"] = table
    prep = newTable("prep")
    prep.program = Program()
    prep.program.fromAssembly(["PUSHB[ ]", "0", "POP[ ]"] * 6)
    font["prep"] = prep
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(target)
    units = font["head"].unitsPerEm
    return {
        "capital": round(font["OS/2"].sCapHeight / units, 3),
        "ranges": code_ranges(font.getBestCmap()),
    }


def write_bitmap_font(source, target, name):
    """Write one bitmap font as compressed BDF and return its metrics."""
    face = freetype.Face(str(source))
    height = face.available_sizes[0].height
    face.set_pixel_sizes(0, height)
    present = dict(face.get_chars())
    spacing = 2 if height >= 24 else 1
    glyphs = {}
    for code in LED:
        if code in present:
            face.load_char(chr(code), freetype.FT_LOAD_RENDER | freetype.FT_LOAD_TARGET_MONO)
            glyphs[code] = trim_glyph(face.glyph, spacing)
    if height in (8, 10, 13):
        glyphs |= PLAIN_DOTS
    glyphs |= WIDE_LETTERS.get(name, {})
    cell = face.size.max_advance // 64
    for code, share in ((0x20, 0.5), (0xA0, 0.5), (0x202F, 0.34), (0x2009, 0.34)):
        glyphs[code] = (0, 0, 0, max(2, round(cell * share)), [])
    glyphs[0x2011] = glyphs[0x2D]
    ascent, descent = face.size.ascender // 64, -face.size.descender // 64
    lines = ["STARTFONT 2.1", f"FONT -beffroi-{name}-medium-r-normal--{height}-{height * 10}-72-72-p-50-iso10646-1"]
    lines += [f"SIZE {height} 72 72", f"FONTBOUNDINGBOX {cell} {ascent + descent} 0 {-descent}", "STARTPROPERTIES 5"]
    lines += [f"FONT_ASCENT {ascent}", f"FONT_DESCENT {descent}", f"PIXEL_SIZE {height}"]
    lines += ['CHARSET_REGISTRY "ISO10646"', 'CHARSET_ENCODING "1"', "ENDPROPERTIES", f"CHARS {len(glyphs)}"]
    for code, (width, rows, bottom, advance, data) in sorted(glyphs.items()):
        lines += [f"STARTCHAR U+{code:04X}", f"ENCODING {code}", f"SWIDTH {advance * 1000 // height} 0"]
        lines += [f"DWIDTH {advance} 0", f"BBX {width} {rows} 0 {bottom}", "BITMAP", *data, "ENDCHAR"]
    lines += ["ENDFONT", ""]
    target.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))
    return {
        "capital": glyphs[ord("H")][1],
        "pixels": height,
        "ascent": ascent,
        "descent": descent,
        "ranges": code_ranges(glyphs),
    }


def trim_glyph(glyph, spacing):
    """Return width, rows, bottom, advance and BDF rows of a glyph cut to its ink."""
    bits, pitch = glyph.bitmap, glyph.bitmap.pitch
    rows = [bits.buffer[y * pitch : (y + 1) * pitch] for y in range(bits.rows)]
    grid = [[row[x // 8] >> (7 - x % 8) & 1 for x in range(bits.width)] for row in rows]
    columns = [x for x in range(bits.width) if any(row[x] for row in grid)]
    lines = [y for y, row in enumerate(grid) if any(row)]
    if not columns:
        return 0, 0, 0, glyph.advance.x // 64, []
    left, right, top, bottom = columns[0], columns[-1], lines[0], lines[-1]
    width = right - left + 1
    data = []
    for row in grid[top : bottom + 1]:
        bytes_needed = (width + 7) // 8
        value = int("".join(map(str, row[left : right + 1])), 2) << (bytes_needed * 8 - width)
        data.append(f"{value:0{bytes_needed * 2}X}")
    return width, bottom - top + 1, glyph.bitmap_top - bottom - 1, width + spacing, data


def main(sources, out):
    """Write every font and fonts.json."""
    metrics = {}
    for name, (paths, characters) in OUTLINES.items():
        metrics[name] = write_outline_font(sources, paths, characters, out / name)
    for name, path in BITMAPS.items():
        metrics[f"{name}.bdf.gz"] = write_bitmap_font(sources / path, out / f"{name}.bdf.gz", name)
    (out / "fonts.json").write_text(
        "{\n" + ",\n".join(f'"{k}": {json.dumps(v, separators=(",", ":"))}' for k, v in metrics.items()) + "\n}\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
