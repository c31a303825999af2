// @vitest-environment jsdom
import { expect, it, vi } from 'vitest';
import { prepareNearSlides } from '../src/faces/prepare';

const LISTING = `
  <li class="jp-DirListing-item" data-file-type="notebook"><span id="notebook">a.ipynb</span></li>
  <li class="jp-DirListing-item" data-file-type="wsinb-slide"><span id="slide">a.svs</span></li>
  <li class="jp-DirListing-item" data-file-type="tiff"><span id="tiff">a.tif</span></li>`;

function over(id: string): void {
  document.getElementById(id)?.dispatchEvent(new Event('pointerover', { bubbles: true }));
}

it('asks once, when the pointer comes over a slide', () => {
  document.body.innerHTML = LISTING;
  const prepare = vi.fn(async () => undefined);
  prepareNearSlides(document, prepare);
  over('notebook');
  expect(prepare).not.toHaveBeenCalled();
  over('slide');
  over('tiff');
  expect(prepare).toHaveBeenCalledTimes(1);
});

it('knows the slides that JupyterLab lists as TIFF, and keeps quiet when the server does not answer', async () => {
  document.body.innerHTML = LISTING;
  const prepare = vi.fn(() => Promise.reject(new Error('gone')));
  prepareNearSlides(document, prepare);
  over('tiff');
  await Promise.resolve();
  expect(prepare).toHaveBeenCalledTimes(1);
});
