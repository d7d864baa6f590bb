// Light, dark, or as the system has it; kept in this browser.
const NEXT = { auto: 'light', light: 'dark', dark: 'auto' };
const SAID = { auto: 'as the system', light: 'light', dark: 'dark' };

export function chooseTheme(button, changed) {
  const root = document.documentElement;
  const show = () => {
    const now = root.dataset.theme ?? 'auto';
    button.textContent = `Theme: ${now}`;
    button.setAttribute('aria-label', `Theme: ${SAID[now]}`);
    changed();
  };
  button.addEventListener('click', () => {
    const next = NEXT[root.dataset.theme ?? 'auto'];
    if (next === 'auto') {
      delete root.dataset.theme;
      localStorage.removeItem('sluice.theme');
    } else {
      root.dataset.theme = next;
      localStorage.setItem('sluice.theme', next);
    }
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  show();
}
