"""Power and brightness of displays: DPMS, HDMI-CEC and DDC/CI."""
