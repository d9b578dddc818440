// Light or dark: as the system says, until the reader says otherwise.
import { el } from './elements.js';

const kKey = 'cryomer-theme';

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

export function addThemeSwitch(changed) {
  try {
    const kept = localStorage.getItem(kKey);
    if (kept) document.documentElement.dataset.theme = kept;
  } catch { /* no storage: nothing is remembered */ }
  const button = el('button', { class: 'theme', type: 'button' });
  const name = () => { button.textContent = isDark() ? '\u2600 Light' : '\u263e Dark'; };
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    try { localStorage.setItem(kKey, document.documentElement.dataset.theme); } catch { /* as above */ }
    name();
    changed();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { name(); changed(); });
  name();
  document.querySelector('header').prepend(button);
}
