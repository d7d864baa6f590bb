// A tip beside an element that has the focus or the pointer, with sentences.
import { $, el } from './dom.js';

/** @param sentences asked for when the tip is shown; none shows none */
export function tip(element, sentences) {
  const place = $('tip');
  const show = () => {
    const all = sentences();
    if (all.length === 0) return;
    place.replaceChildren(...all.map((sentence) => el('p', {}, sentence)));
    place.hidden = false;
    const at = element.getBoundingClientRect();
    const own = place.getBoundingClientRect();
    place.style.left = `${Math.max(8, Math.min(at.left, innerWidth - own.width - 8))}px`;
    place.style.top = `${at.bottom + own.height + 8 > innerHeight ? Math.max(8, at.top - own.height - 6) : at.bottom + 6}px`;
  };
  const hide = () => { place.hidden = true; };
  element.addEventListener('mouseenter', show);
  element.addEventListener('focus', show);
  element.addEventListener('click', show);
  element.addEventListener('mouseleave', hide);
  element.addEventListener('blur', hide);
  element.addEventListener('keydown', (event) => { if (event.key === 'Escape') hide(); });
  addEventListener('scroll', hide, { passive: true });
}
