#!/usr/bin/env bash
# One spoken word that eSpeak NG writes as WAV to its standard output says of itself that it lasts thirteen hours: the
# header is written before the sound is known, with a length just below the most that it can hold, and a pipe cannot be
# rewound to correct it. Python's wave module believes it, so that a duration made of getnframes() is absurd, and a file
# of the same word, written with -w, is right. Whoever reads the pipe has to count the samples that came.
set -euo pipefail
version=1.51+dfsg-10+deb12u2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# As apt's own account cannot enter the folder, it says so on its standard error; what it fetches is whole.
apt-get download -qq "espeak-ng=$version" "libespeak-ng1=$version" "espeak-ng-data=$version" libpcaudio0 libsonic0 2>/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
data=$(dirname "$(find root -type d -name espeak-ng-data)")
libraries=$(dirname "$(find root -name 'libespeak-ng.so.1' | head -n 1)")
espeak() { LD_LIBRARY_PATH=$PWD/$libraries root/usr/bin/espeak-ng --path="$PWD/$data" "$@"; }
espeak --version | cut -d " " -f 1-4
espeak -v fr --stdout "Attention" | cat >piped.wav
espeak -v fr -w written.wav "Attention"
python3 - <<'PYTHON'
import sys
import wave


def told_and_there(name):
    with wave.open(name) as sound:
        told = sound.getnframes() / sound.getframerate()
        there = len(sound.readframes(sound.getnframes())) / 2 / sound.getframerate()
    print(f"{name}: says {told:.1f} s, holds {there:.1f} s")
    return told, there


piped, written = told_and_there("piped.wav"), told_and_there("written.wav")
same = abs(piped[1] - written[1]) < 0.01
sys.exit(not (piped[0] > 13 * 3600 and piped[1] < 5 and abs(written[0] - written[1]) < 0.01 and same))
PYTHON
