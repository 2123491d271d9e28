"""Draws a terminal's screen as SVG: text with SGR sequences in (as `tmux capture-pane -e -p` prints it), a picture out.

Knows nothing of zipreel. The same text gives the same bytes. Blocks and lines become rectangles, since fonts leave gaps
between them; everything else is text in the reader's own monospace font, stretched to the grid.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, MARGIN = 9, 20, 15, 14
BASELINE = 15
FONTS = "ui-monospace,'JetBrains Mono','Cascadia Mono','DejaVu Sans Mono',Menlo,Consolas,monospace"
FAINT = ' opacity=".6"'
FOREGROUND, BACKGROUND = "#d8dee9", "#12161c"
PALETTE = [
    "#2e3440", "#e5646e", "#8fce7e", "#e8c36a", "#6ea8e8", "#c48be0", "#5fc9c4", "#d8dee9",
    "#6b7586", "#ff8a92", "#a9e59a", "#ffdc8a", "#93c3ff", "#dcaef5", "#86e6e0", "#ffffff",
]  # fmt: skip
SGR = re.compile(r"\x1b\[([0-9;:]*)m")
OTHER_SEQUENCES = re.compile(
    r"\x1b(?:\[[0-9;:?]*[A-Za-ln-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>])|[\x0e\x0f\r]"
)

# (left, top, right, bottom) in eighths of a cell
BLOCKS = {"▀": [(0, 0, 8, 4)], "█": [(0, 0, 8, 8)], "▐": [(4, 0, 8, 8)], "▔": [(0, 0, 8, 1)], "▕": [(7, 0, 8, 8)]}
BLOCKS |= {chr(0x2580 + n): [(0, 8 - n, 8, 8)] for n in range(1, 8)}
BLOCKS |= {chr(0x2590 - n): [(0, 0, n, 8)] for n in range(1, 8)}
UPPER_LEFT, UPPER_RIGHT, LOWER_LEFT, LOWER_RIGHT = (0, 0, 4, 4), (4, 0, 8, 4), (0, 4, 4, 8), (4, 4, 8, 8)
BLOCKS |= {
    "▖": [LOWER_LEFT], "▗": [LOWER_RIGHT], "▘": [UPPER_LEFT], "▝": [UPPER_RIGHT],
    "▙": [UPPER_LEFT, (0, 4, 8, 8)], "▛": [(0, 0, 8, 4), LOWER_LEFT], "▜": [(0, 0, 8, 4), LOWER_RIGHT],
    "▟": [UPPER_RIGHT, (0, 4, 8, 8)], "▚": [UPPER_LEFT, LOWER_RIGHT], "▞": [UPPER_RIGHT, LOWER_LEFT],
}  # fmt: skip

# Lines, likewise: a pixel wide, through the cell's centre; rounded corners are drawn square.
X, Y, PIXEL_X, PIXEL_Y = 4 * 8 / CELL_WIDTH, 10 * 8 / CELL_HEIGHT, 8 / CELL_WIDTH, 8 / CELL_HEIGHT
LEFT, RIGHT = (0, Y, X + PIXEL_X, Y + PIXEL_Y), (X, Y, 8, Y + PIXEL_Y)
UP, DOWN = (X, 0, X + PIXEL_X, Y + PIXEL_Y), (X, Y, X + PIXEL_X, 8)
ACROSS, ALONG = (0, Y, 8, Y + PIXEL_Y), (X, 0, X + PIXEL_X, 8)
BLOCKS |= {"─": [ACROSS], "━": [(0, Y - PIXEL_Y, 8, Y + PIXEL_Y)], "│": [ALONG], "┃": [(X, 0, X + 2 * PIXEL_X, 8)]}
BLOCKS |= {corner: [RIGHT, DOWN] for corner in "┌╭"} | {corner: [LEFT, DOWN] for corner in "┐╮"}
BLOCKS |= {corner: [RIGHT, UP] for corner in "└╰"} | {corner: [LEFT, UP] for corner in "┘╯"}
BLOCKS |= {"├": [ALONG, RIGHT], "┤": [ALONG, LEFT], "┬": [ACROSS, DOWN], "┴": [ACROSS, UP], "┼": [ACROSS, ALONG]}


@dataclass(frozen=True)
class Style:
    foreground: str | None = None
    background: str | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    struck: bool = False
    reverse: bool = False

    def ink(self) -> str:
        return (self.background or BACKGROUND) if self.reverse else (self.foreground or FOREGROUND)

    def paper(self) -> str | None:
        return (self.foreground or FOREGROUND) if self.reverse else self.background


def indexed(number: int) -> str:
    if number < 16:
        return PALETTE[number]
    if number >= 232:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    steps = (0, 95, 135, 175, 215, 255)
    red, rest = divmod(number - 16, 36)
    return "#" + "".join(f"{steps[step]:02x}" for step in (red, *divmod(rest, 6)))


def restyle(style: Style, parameters: str) -> Style:
    codes = [int(code or 0) for code in re.split("[;:]", parameters)]
    flags = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "struck"}
    ends = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("reverse",), 29: ("struck",)}
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = Style()
        elif code in flags:
            style = replace(style, **{flags[code]: True})
        elif code in ends:
            style = replace(style, **{flag: False for flag in ends[code]})
        elif code in (38, 48):
            place = "foreground" if code == 38 else "background"
            if codes.pop(0) == 5:
                colour = indexed(codes.pop(0))
            else:
                colour = "#" + "".join(f"{codes.pop(0):02x}" for _ in range(3))
            style = replace(style, **{place: colour})
        elif code in (39, 49):
            style = replace(style, **{"foreground" if code == 39 else "background": None})
        else:
            # 30 to 37 and 40 to 47, and the bright ones at 90 and 100
            tens, number = divmod(code, 10)
            place = {3: "foreground", 4: "background", 9: "foreground", 10: "background"}.get(tens)
            if place and number < 8:
                style = replace(style, **{place: PALETTE[number + 8 * (tens >= 9)]})
    return style


def width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cells(line: str, style: Style) -> tuple[list[tuple[int, int, str, Style]], Style]:
    """The characters of a line as (column, width, text, style), and the style in force at its end."""
    found: list[tuple[int, int, str, Style]] = []
    column = 0
    for index, piece in enumerate(SGR.split(OTHER_SEQUENCES.sub("", line))):
        if index % 2:
            style = restyle(style, piece)
            continue
        for character in piece:
            wide = width(character)
            if wide:
                found.append((column, wide, character, style))
            elif found:
                at, wide_before, text, style_before = found[-1]
                found[-1] = (at, wide_before, text + character, style_before)
            column += wide
    return found, style


def rectangle(x: float, y: float, wide: float, high: float, colour: str, more: str = "") -> str:
    return f'<rect x="{x:.6g}" y="{y:.6g}" width="{wide:.6g}" height="{high:.6g}" fill="{colour}"{more}/>'


def shapes(row: list[tuple[int, int, str, Style]], y: float) -> list[str]:
    """Backgrounds, blocks and lines of a row; neighbours that look the same are one rectangle."""
    runs: list[list] = []
    for column, wide, text, style in row:
        found = [(0, 0, 8 * wide, 8, style.paper(), "")] if text != "█" else []
        found += [(*block, style.ink(), FAINT * style.dim) for block in BLOCKS.get(text, [])]
        for left, top, right, bottom, *look in found:
            if look[0] is None:
                continue
            begin, end = column + left / 8, column + right / 8
            for run in reversed(runs[-4:]):
                if run[1] == begin and run[2:] == [top, bottom, *look]:
                    run[1] = end
                    break
            else:
                runs.append([begin, end, top, bottom, *look])
    eighth = CELL_HEIGHT / 8
    return [
        rectangle(
            MARGIN + begin * CELL_WIDTH, y + top * eighth, (end - begin) * CELL_WIDTH, (bottom - top) * eighth, *look
        )
        for begin, end, top, bottom, *look in runs
    ]


def texts(row: list[tuple[int, int, str, Style]], y: float) -> list[str]:
    drawn: list[str] = []
    run: list[tuple[int, int, str, Style]] = []

    def close() -> None:
        while run and run[-1][2] == " " and not run[-1][3].underline:
            run.pop()
        if run and any(text != " " for _, _, text, _ in run):
            begin, style = run[0][0], run[0][3]
            length = (run[-1][0] + run[-1][1] - begin) * CELL_WIDTH
            more = f' fill="{style.ink()}"' if style.ink() != FOREGROUND else ""
            more += ' font-weight="bold"' * style.bold + FAINT * style.dim + ' font-style="italic"' * style.italic
            lines = " ".join(["underline"] * style.underline + ["line-through"] * style.struck)
            more += f' text-decoration="{lines}"' if lines else ""
            text = escape("".join(text for _, _, text, _ in run))
            x = MARGIN + begin * CELL_WIDTH
            drawn.append(f'<text x="{x:g}" y="{y + BASELINE:g}" textLength="{length:g}"{more}>{text}</text>')
        run.clear()

    for cell in row:
        # two spaces end a run, so that what follows stands on its column in whatever font
        if run and (cell[3] != run[-1][3] or (cell[2] == " " and run[-1][2] == " ")):
            close()
        if cell[2] in BLOCKS or (not run and cell[2] == " "):
            close()
            continue
        run.append(cell)
    close()
    return drawn


def screenful(screen: str, rows: int) -> list[str]:
    """What stands on a screen, without its ground."""
    style = Style()
    below: list[str] = []
    above: list[str] = []
    for number, line in enumerate(screen.split("\n")[:rows]):
        row, style = cells(line, style)
        below += shapes(row, MARGIN + number * CELL_HEIGHT)
        above += texts(row, MARGIN + number * CELL_HEIGHT)
    return ['<g shape-rendering="crispEdges">', *below, "</g>", *above]


def picture(columns: int, rows: int, title: str, content: list[str]) -> str:
    wide, high = columns * CELL_WIDTH + 2 * MARGIN, rows * CELL_HEIGHT + 2 * MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img">',
            f"<title>{escape(title)}</title>",
            rectangle(0, 0, wide, high, BACKGROUND, ' rx="8"'),
            f'<g fill="{FOREGROUND}" font-size="{FONT_SIZE}" font-family="{FONTS}" xml:space="preserve">',
            *content,
            "</g>",
            "</svg>",
            "",
        ]
    )


def draw(screen: str, columns: int, rows: int, title: str) -> str:
    return picture(columns, rows, title, screenful(screen, rows))


def film(frames: list[tuple[float, str]], columns: int, rows: int, title: str) -> str:
    """Screens one after the other, each for so many seconds, over and over. Where motion is not wanted, the last one stands."""
    whole = sum(seconds for seconds, _ in frames)
    content: list[str] = []
    rules = ["g.f{visibility:hidden}", f"g.f:nth-of-type({len(frames)}){{visibility:visible}}"]
    moving: list[str] = []
    begins = 0.0
    for number, (seconds, screen) in enumerate(frames):
        begin, end = (100 * time / whole for time in (begins, begins + seconds))
        shown = f"{begin:.3f}%{{visibility:visible}}{end:.3f}%{{visibility:hidden}}"
        rules.append(f"@keyframes f{number}{{0%{{visibility:{'hidden' if number else 'visible'}}}{shown}}}")
        moving.append(f"g.f:nth-of-type({number + 1}){{animation:f{number} {whole:g}s step-end infinite}}")
        content += ['<g class="f">', *screenful(screen, rows), "</g>"]
        begins += seconds
    rules.append("@media(prefers-reduced-motion:no-preference){" + "".join(moving) + "}")
    return picture(columns, rows, title, [f"<style>{''.join(rules)}</style>", *content])
