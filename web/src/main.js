import { Explorer } from './explorer.js';
import css from './page.css';
import { addThemeSwitch } from './theme.js';
import { el } from './elements.js';

function addCopyButtons() {
  for (const block of document.querySelectorAll('pre')) {
    const button = el('button', { type: 'button', class: 'copy' }, 'Copy');
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(block.firstChild.textContent);
        button.textContent = 'Copied';
      } catch {
        getSelection().selectAllChildren(block);
      }
    });
    block.append(button);
  }
}

async function start() {
  document.documentElement.classList.add('live');
  document.head.append(el('style', {}, css));
  let explorer = null;
  addThemeSwitch(() => explorer?.themeChanged());
  addCopyButtons();
  const root = document.getElementById('explorer'), data = document.getElementById('explorer-data');
  if (!root || !data) return;
  try {
    explorer = await Explorer.create(root, JSON.parse(data.textContent));
    await explorer.start();
    root.dataset.ready = 'yes';
  } catch (problem) {
    // The pictures of the page without a script come back.
    document.documentElement.classList.remove('live');
    root.replaceChildren(el('p', { class: 'problem' }, `The interactive view could not start: ${problem}`));
    console.error(problem);
  }
}

// The page's own content is seen first; a page in the background is not drawn, and does not wait for it.
function painted() {
  return new Promise((done) => {
    new PerformanceObserver((list) => {
      if (list.getEntriesByName('first-contentful-paint').length) done();
    }).observe({ type: 'paint', buffered: true });
    setTimeout(done, 2500);
  });
}

painted().then(start);
