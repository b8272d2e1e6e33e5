"""Everything between the frames of a scene and the display: animations, transitions, pacing, presenting.

The way of an image, one module each:

1. ``frame_lookup`` (outside) finds the prepared frames of a scene, and ``frame_images.compose_frame`` makes them one.
2. ``frame_compositor`` lays the animations over it: videos and marquees. To add one, such as a border that flashes,
   write a class with the two methods of ``animation.Animation`` and list it in ``FrameCompositor``.
3. ``transition`` mixes the result with what was on before, for as long as a transition runs.
4. ``presenter`` decides when something is drawn, and gives the composition to a painter of ``outputs.drawing``.
5. ``frame_pacing`` says when the next step of an animation or a transition is due.
"""
