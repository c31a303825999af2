/** Buttons and keys for the magnifications of a microscope, beside the scale bar. */
import { element } from '../dom';
import { magnificationSteps, ownMagnification, zoomText, type Step } from '../magnification';
import type { Disposable, Scene } from '../scene';

/** Zoom levels nearer than this are the same. */
const TOLERANCE = 0.02;

export function magnificationPart(scene: Scene): Disposable {
  const { map, info, status, keys } = scene;
  const steps = magnificationSteps(info);
  const node = element('div', 'wsinb-magnifications');
  node.setAttribute('role', 'group');
  node.setAttribute('aria-label', 'Magnification');
  const buttons = steps.map((step, i) => button(step, `Shift+${i + 1}`, () => map.setZoom(step.zoom)));
  node.append(...buttons);
  status.querySelector('.wsinb-scale')?.after(node);

  // a small slide is not kept from being seen as it is under a microscope
  map.setMinZoom(Math.min(map.getMinZoom(), steps[0]!.zoom));
  const mark = (): void =>
    buttons.forEach((one, i) => {
      const here = Math.abs(map.getZoom() - steps[i]!.zoom) < TOLERANCE;
      one.setAttribute('aria-pressed', String(here));
    });
  map.on('zoomend', mark);
  mark();

  const limit = zoomText(1, ownMagnification(info));
  const bindings = keys.add(
    ...steps.map((step, i) => ({
      keys: `Shift+${i + 1}`,
      title: `Magnification ${step.text}`,
      group: 'Looking',
      act: () => {
        if (step.useful) {
          map.setZoom(step.zoom);
        } else {
          scene.notice.info(`${step.text} would show nothing more: the slide goes to ${limit}.`);
        }
      }
    }))
  );
  return {
    dispose: () => {
      map.off('zoomend', mark);
      bindings.dispose();
    }
  };
}

function button({ text, useful }: Step, key: string, act: () => void): HTMLButtonElement {
  const node = element('button', 'wsinb-magnification', text);
  node.type = 'button';
  node.disabled = !useful;
  node.title = useful
    ? `Magnification ${text} (${key})`
    : `${text} is beyond twice the slide's own resolution: there is nothing more to see`;
  node.addEventListener('click', act);
  return node;
}
