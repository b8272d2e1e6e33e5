#!/usr/bin/env bash
# pymodbus, asked for the bits of a register, begins with its high half: bit 0 of a status word, “door open” in the manual, is
# at index 8, and bit 8 at index 0, as coils are packed but no register is numbered. And word_order="little", which many
# devices need for their numbers of two registers, turns a text around as well, pair by pair, although it has no such words.
# Both ways it is the same, so that what one wrote oneself is read right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pymodbus==3.16.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import pymodbus
from pymodbus.client import ModbusTcpClient as Client

print("pymodbus", pymodbus.__version__)
BITS, FLOAT, TEXT = Client.DATATYPE.BITS, Client.DATATYPE.FLOAT32, Client.DATATYPE.STRING
at = {}
for number in (0, 2, 8, 15):
    bits = Client.convert_from_registers([1 << number], BITS)
    at[number] = bits.index(True)
    print(f"register with bit {number} alone (value {1 << number}): index {at[number]} of {len(bits)}")
registers = [0x5369, 0x7265, 0x6E21]
plain, turned = (Client.convert_from_registers(registers, TEXT, word_order=order) for order in ("big", "little"))
value = Client.convert_from_registers([0x0000, 0x3FC0], FLOAT, word_order="little")
print(f"little words: the number {value}, the text {turned!r}, which is {plain!r} in big ones")
sys.exit(not (at == {0: 8, 2: 10, 8: 0, 15: 7} and (plain, turned, value) == ("Siren!", "n!reSi", 1.5)))
PYTHON
