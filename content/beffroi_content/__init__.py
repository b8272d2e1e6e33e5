"""Content and protocol: the language that server and player share. Pure, and independent of both."""

from beffroi_content.zone_data import use_newest_zone_data

use_newest_zone_data()
