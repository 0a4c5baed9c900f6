"""What a page looks like to a ruler: what leaves the window, what is cut off, what covers what, what is too small."""

MEASURES = r"""
  const TOLERANCE = 1, SMALLEST_TARGET = 24;
  const root = document.documentElement;
  const named = (element) => element.outerHTML.slice(0, 90);
  const shown = (element) => element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
  const elements = () => [...document.querySelectorAll("header, header *, main *")].filter(shown);
  const clips = (element) => /clip|hidden|auto|scroll/.test(getComputedStyle(element).overflowX);

  /** Each run of text with the boxes of its lines. */
  const runs = () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.data.trim() || element.closest(".skip, script, style, noscript") || !shown(element)) continue;
      if (parseFloat(getComputedStyle(element).fontSize) < 1) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const boxes = [...range.getClientRects()].filter(({width, height}) => width > 1 && height > 1);
      found.push({element, boxes, words: node.data.trim()});
    }
    return found;
  };
  const leaves = (box, {left, right}) => box.left < left - TOLERANCE || box.right > right + TOLERANCE;
  const meet = (one, other) => Math.min(one.right, other.right) - Math.max(one.left, other.left) > TOLERANCE
    && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 2 * TOLERANCE;
  /** Boxes that stay in the window lie over others on purpose: they are laid where they belong. */
  const unstick = () => {
    const stuck = elements().filter((element) => getComputedStyle(element).position === "sticky");
    for (const element of stuck) element.style.position = "relative";
    return () => { for (const element of stuck) element.style.position = ""; };
  };
"""
COMPLAINTS = rf"""() => {{{MEASURES}
  const put = unstick();
  const said = [];
  const window_ = {{left: 0, right: root.clientWidth}};
  if (root.scrollWidth > root.clientWidth) said.push(`the page is ${{root.scrollWidth}} wide`);
  for (const element of elements()) {{
    const box = element.getBoundingClientRect();
    if (box.width && leaves(box, window_)) said.push(`outside: ${{named(element)}}`);
    if (clips(element) && element.scrollWidth > element.clientWidth + TOLERANCE) said.push(`cut: ${{named(element)}}`);
    if (clips(element) && element.scrollHeight > element.clientHeight + TOLERANCE && element.tagName !== "TEXTAREA")
      said.push(`cut below: ${{named(element)}}`);
  }}
  const texts = runs();
  for (const {{element, boxes, words}} of texts) for (const box of boxes) {{
    if (leaves(box, window_)) said.push(`words outside: ${{words}}`);
    for (let place = element; place; place = place.parentElement) {{
      const around = place.getBoundingClientRect();
      if (/BUTTON|LABEL/.test(place.tagName) && leaves(box, around)) said.push(`words leave their box: ${{words}}`);
      if (clips(place) && leaves(box, around)) said.push(`words cut: ${{words}}`);
    }}
  }}
  texts.forEach((one, index) => {{
    for (const other of texts.slice(index + 1))
      if (one.boxes.some((box) => other.boxes.some((place) => meet(box, place))))
        said.push(`on top of each other: ${{one.words}} | ${{other.words}}`);
  }});
  for (const target of elements().filter((element) => element.matches("button, a, input, textarea, select"))) {{
    const inSentence = getComputedStyle(target).display === "inline" && [...target.parentElement.childNodes]
      .some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const untouched = getComputedStyle(target).pointerEvents === "none" && !target.disabled;
    if (inSentence || target.type === "hidden" || untouched) continue;
    const {{width, height}} = (target.closest("label") ?? target).getBoundingClientRect();
    if (Math.min(width, height) < SMALLEST_TARGET) said.push(`${{width}} x ${{height}}: ${{named(target)}}`);
  }}
  put();
  return [...new Set(said)];
}}"""
"""Everything on the page that is not whole, one line each. Shape: list of strings."""

UNSEEN = rf"""(places) => {{{MEASURES}
  return [...document.querySelectorAll(places)].filter((element) => {{
    const box = element.getBoundingClientRect();
    return box.top < 0 || box.bottom > innerHeight || leaves(box, {{left: 0, right: innerWidth}});
  }}).map((element) => `${{named(element)}} ${{Math.round(element.getBoundingClientRect().bottom)}}`);
}}"""
"""Which of `places` (a selector) are not wholly in the window as it is scrolled now."""

STUCK_HEIGHT = rf"""() => {{{MEASURES}
  const besides = elements().filter((element) => !element.matches(".rating-area"));
  const stuck = besides.filter((element) => getComputedStyle(element).position === "sticky");
  return stuck.reduce((sum, element) => sum + element.getBoundingClientRect().height, 0) / innerHeight;
}}"""
"""The share of the window's height that is taken by what stays in it, besides the desk itself."""
