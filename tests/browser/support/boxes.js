// Reads the boxes of a page, and returns a sentence for each text that overlaps another, is cut, or leaves the window.
const SLACK = 1; // pixels
const SHRINK = 0.12; // of a line's height, above and below: a line's box is taller than its letters
const found = [];
const width = document.documentElement.clientWidth; // innerWidth grows with a page that is too wide
for (const e of document.querySelectorAll('*')) {
  if (getComputedStyle(e).contentVisibility === 'auto') e.style.contentVisibility = 'visible';
}
const styles = new Map();
const style = (e) => styles.get(e) ?? (styles.set(e, getComputedStyle(e)), styles.get(e));
const clips = (e) => e !== document.body && e !== document.documentElement && style(e).overflowX !== 'visible';
const scrolls = (e) => /auto|scroll/.test(style(e).overflowX);
const words = (t) => JSON.stringify(t.trim().replace(/\s+/g, ' ').slice(0, 60));

function* above(e) {
  for (let at = e; at && at !== document.documentElement; at = at.parentElement) yield at;
}

/** For a screen reader alone: a box of a pixel, clipped to nothing, or left of the page. */
function forReaders(e) {
  const { clip, clipPath, position } = style(e);
  if (/inset\(50%|inset\(100%/.test(clipPath) || (position === 'absolute' && /rect\(0(px)?[, ]/.test(clip))) return true;
  if (position === 'absolute' && e.getBoundingClientRect().right < 0) return true; // the heads of a table of cards
  return position === 'absolute' && clips(e) && Math.min(e.offsetWidth, e.offsetHeight) <= 1;
}

const unseen = (e) => !e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || [...above(e)].some(forReaders);

/** What the boxes that clip leave of a rectangle, and whether a box that does not scroll takes letters away. */
function shown({ left, top, right, bottom }, e) {
  let cut = false;
  for (const box of [...above(e)].filter((each) => !(each instanceof SVGElement) && clips(each))) {
    const r = box.getBoundingClientRect();
    const less = (bottom - top) * SHRINK;
    const over = Math.max(r.left - left, right - r.right, r.top - top - less, bottom - less - r.bottom);
    cut ||= over > SLACK && !scrolls(box);
    [left, top] = [Math.max(left, r.left), Math.max(top, r.top)];
    [right, bottom] = [Math.min(right, r.right), Math.min(bottom, r.bottom)];
    if (left >= right || top >= bottom) break;
  }
  return { left, top, right, bottom, cut };
}

const boxes = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = walk.nextNode()); ) {
  const e = node.parentElement;
  if (!node.data.trim() || e.closest('script, style, noscript, title, option') || unseen(e)) continue;
  const range = document.createRange();
  range.selectNodeContents(node);
  const drawing = e.closest('svg');
  const frame = drawing?.getBoundingClientRect();
  for (const rect of range.getClientRects()) {
    if (rect.width < 1 || rect.height < 1) continue;
    const outside = frame && [frame.left - rect.left, frame.top - rect.top, rect.right - frame.right, rect.bottom - frame.bottom];
    if (outside && Math.max(...outside) > SLACK) found.push(`outside its drawing: ${words(node.data)}`);
    const seen = shown(rect, e);
    if (seen.cut) found.push(`cut: ${words(node.data)}`);
    if (seen.left >= seen.right || seen.top >= seen.bottom) continue;
    if (seen.right > width + SLACK || seen.left < -SLACK) found.push(`outside the window: ${words(node.data)}`);
    const less = rect.height * SHRINK;
    boxes.push({ ...seen, top: seen.top + less, bottom: seen.bottom - less, e, text: node.data });
  }
}
for (const e of document.querySelectorAll('input, select, textarea, button')) {
  if (unseen(e) || e.matches('[type=hidden]')) continue;
  const seen = shown(e.getBoundingClientRect(), e);
  if (seen.right > width + SLACK) found.push(`outside the window: <${e.localName} ${e.name || e.id}>`);
  boxes.push({ ...seen, e, text: `<${e.localName} ${e.name || e.id}>` });
}
boxes.sort((a, b) => a.top - b.top);
boxes.forEach((a, n) => {
  for (let m = n + 1; m < boxes.length && boxes[m].top < a.bottom - SLACK; m++) {
    const b = boxes[m];
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - b.top;
    const nested = a.e.matches('button') || b.e.matches('button') ? a.e.contains(b.e) || b.e.contains(a.e) : a.e === b.e;
    if (wide > SLACK && high > SLACK && !nested && !a.e.closest('sup, sub') && !b.e.closest('sup, sub')) {
      found.push(`overlap by ${wide.toFixed(1)} x ${high.toFixed(1)}: ${words(a.text)} and ${words(b.text)}`);
    }
  }
});
const whole = document.documentElement.scrollWidth;
if (whole > width) found.push(`the page is ${whole} wide in a window of ${width}`);
return [...new Set(found)];
