"""Build a page that plays pictures: one HTML file that needs no other file, no network and no library."""

import base64
import html
from collections.abc import Sequence

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
  body {{ margin: 0 auto; max-width: 900px; padding: 0 8px; font: 16px sans-serif; background: white; color: black; }}
  img {{ display: block; margin: 0 auto; max-width: 100%; max-height: calc(100vh - 96px); }}
  img[hidden] {{ display: none; }}
  #controls {{ display: flex; align-items: center; gap: 8px; padding: 4px 0 8px; }}
  button {{ width: 44px; height: 40px; padding: 9px; background: #f4f4f4;
           border: 1px solid #767676; border-radius: 6px; }}
  button:hover {{ background: #e2e2e2; }}
  button svg {{ display: block; width: 100%; height: 100%; }}
  button:focus-visible, input:focus-visible {{ outline: 3px solid #0072b2; outline-offset: 2px; }}
  input {{ flex: 1; min-width: 60px; accent-color: #0072b2; }}
  output {{ min-width: 15em; text-align: right; font-variant-numeric: tabular-nums; }}
  p {{ margin: 0 0 12px; color: #595959; font-size: 14px; }}
</style>
</head>
<body>
<main>
{images}
<div id="controls" role="group" aria-label="Player">
<button type="button" id="back" aria-label="One frame back">
<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 3h3v14h-3zM17 3v14l-10-7z"/></svg></button>
<button type="button" id="play" aria-label="Play">
<svg viewBox="0 0 20 20" aria-hidden="true"><path id="icon" d=""/></svg></button>
<button type="button" id="forward" aria-label="One frame forward">
<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M14 3h3v14h-3zM3 3v14l10-7z"/></svg></button>
<input type="range" id="slider" min="0" max="{last}" value="{last}" aria-label="Frame">
<output id="label" for="slider"></output>
</div>
<p>Space plays and pauses, ← and → step, Home and End go to the ends.</p>
<noscript><p>Without JavaScript, this is the last frame.</p></noscript>
</main>
<script>
"use strict";
const byId = (id) => document.getElementById(id);
const images = Array.from(document.querySelectorAll("img"));
const last = images.length - 1;
let shown = last, timer = null;

function show(i) {{
  images[shown].hidden = true;
  shown = Math.min(Math.max(i, 0), last);
  images[shown].hidden = false;
  byId("slider").value = shown;
  byId("slider").setAttribute("aria-valuetext", images[shown].alt);
  byId("label").textContent = `${{images[shown].alt}} (${{shown + 1}} of ${{images.length}})`;
}}
function setPlaying(on) {{
  clearTimeout(timer);
  timer = on ? setTimeout(next, shown === last ? {hold} : {interval}) : null;
  byId("play").setAttribute("aria-label", on ? "Pause" : "Play");
  byId("icon").setAttribute("d", on ? "M4 3h4v14h-4zM12 3h4v14h-4z" : "M4 2v16l13-8z");
}}
function next() {{ show(shown === last ? 0 : shown + 1); setPlaying(true); }}
function go(i) {{ setPlaying(false); show(i); }}
function toggle() {{
  if (timer === null && shown === last) show(0);
  setPlaying(timer === null);
}}
byId("play").onclick = toggle;
byId("back").onclick = () => go(shown - 1);
byId("forward").onclick = () => go(shown + 1);
byId("slider").oninput = () => go(Number(byId("slider").value));
document.onkeydown = (event) => {{
  const onButton = event.target.tagName === "BUTTON";  // which space presses by itself
  const action = {{
    ArrowLeft: () => go(shown - 1), ArrowRight: () => go(shown + 1), Home: () => go(0), End: () => go(last),
    " ": onButton ? undefined : toggle,
  }}[event.key];
  if (action === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  action();
}};
show(0);
setPlaying(!matchMedia("(prefers-reduced-motion: reduce)").matches);
</script>
</body>
</html>
"""


def player(pictures: Sequence[tuple[str, bytes]], *, title: str, interval: float, hold: float) -> str:
    """Return an HTML page that plays pictures in a loop, and steps through them one by one.

    Parameters
    ----------
    pictures : sequence of (str, bytes)
        For each picture, a description in words and the bytes of a PNG file.
    title : str
        Title of the page.
    interval, hold : float
        Seconds for which each picture stays, and for which the last one stays.

    Returns
    -------
    str
        The HTML.

    Examples
    --------
    >>> page = player([("first", b""), ("second", b"")], title="Two", interval=0.1, hold=2)
    >>> page.count("<img")
    2
    """
    images = [
        f'<img alt="{html.escape(words)}" decoding="sync"{"" if i == len(pictures) else " hidden"} '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}">'
        for i, (words, png) in enumerate(pictures, 1)
    ]
    return PAGE.format(
        title=html.escape(title),
        images="\n".join(images),
        last=len(pictures) - 1,
        interval=round(1000 * interval),
        hold=round(1000 * hold),
    )
