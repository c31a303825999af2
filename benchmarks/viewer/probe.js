/* Runs in every page before anything else: tells when pixels of annotations are there, change, and how long frames take. */
window.probe = (() => {
  const PANE = '.leaflet-wsinb-annotations-pane';
  const SAMPLE = [240, 160];
  const seen = {};

  const visible = node => {
    const map = node.closest('.leaflet-container').getBoundingClientRect();
    const box = node.getBoundingClientRect();
    return box.right > map.left && box.left < map.right && box.bottom > map.top && box.top < map.bottom;
  };
  const canvases = () => [...document.querySelectorAll(`${PANE} canvas`)].filter(visible);

  /** Whether Leaflet counts every tile of annotations in view as loaded, which it does once it is painted. */
  const painted = () => {
    const tiles = canvases();
    return tiles.length > 0 && tiles.every(tile => tile.classList.contains('leaflet-tile-loaded'));
  };

  /** All canvases of annotations in view, drawn small into one: what is on them now. */
  const surface = new OffscreenCanvas(...SAMPLE).getContext('2d', { willReadFrequently: true });
  surface.imageSmoothingEnabled = false;
  const sample = () => {
    const [width, height] = SAMPLE;
    surface.clearRect(0, 0, width, height);
    const tiles = canvases();
    if (tiles.length > 0) {
      const map = tiles[0].closest('.leaflet-container').getBoundingClientRect();
      const [sx, sy] = [width / map.width, height / map.height];
      for (const tile of tiles) {
        const box = tile.getBoundingClientRect();
        const place = [(box.left - map.left) * sx, (box.top - map.top) * sy, box.width * sx, box.height * sy];
        surface.drawImage(tile, ...place);
      }
    }
    return new Uint32Array(surface.getImageData(0, 0, width, height).data.buffer);
  };

  const frame = () => new Promise(requestAnimationFrame);

  const waitPainted = async () => {
    while (!painted()) {
      await frame();
    }
    // what was painted before a frame is on the screen when the next one begins
    await frame();
    return performance.now();
  };

  addEventListener(
    'dblclick',
    event => {
      seen.clicked = event.timeStamp;
      seen.image = seen.annotations = null;
      const image = async () => {
        while (!document.querySelector('.wsinb-image-layer img.leaflet-tile-loaded')) {
          await frame();
        }
        seen.image = performance.now() - seen.clicked;
      };
      void image();
      void waitPainted().then(at => {
        seen.annotations = at - seen.clicked;
        seen.covered = sample().reduce((n, pixel) => n + (pixel >>> 24 > 0), 0);
      });
    },
    true
  );

  /** Milliseconds until the first and until 95 % of the samples that end up different are so. */
  const change = async (act, settle = 600, limit = 5000) => {
    const before = sample();
    const changedAt = new Float64Array(before.length);
    const start = performance.now();
    let last = before;
    let lastChange = start;
    act();
    for (;;) {
      await frame();
      const now = performance.now();
      const current = sample();
      for (let i = 0; i < current.length; i++) {
        if (current[i] !== last[i]) {
          lastChange = now;
          changedAt[i] ||= now;
        }
      }
      last = current;
      if (now - lastChange > settle && (lastChange > start || now - start > limit)) {
        break;
      }
    }
    const times = [...changedAt].filter((at, i) => at > 0 && last[i] !== before[i]).sort((a, b) => a - b);
    const from = part => (times.length ? times[Math.floor(part * (times.length - 1))] - start : null);
    // what never follows took as long as was waited for it
    const waited = performance.now() - start;
    return { first: from(0) ?? waited, most: from(0.95) ?? waited };
  };

  let gaps = null;
  const record = () => {
    let before = 0;
    const mine = (gaps = []);
    const tick = now => {
      if (mine !== gaps) {
        return;
      }
      if (before) {
        mine.push(now - before);
      }
      before = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  };
  const recorded = () => {
    const found = gaps;
    gaps = null;
    return found;
  };

  /** Milliseconds from each movement of the pointer to the next change of what the read-out says it is over. */
  const watchPicks = () => {
    seen.picks = [];
    let moved = null;
    document.querySelector('.wsinb-map').addEventListener('mousemove', e => (moved ??= e.timeStamp), true);
    new MutationObserver(() => {
      if (moved !== null) {
        seen.picks.push(performance.now() - moved);
        moved = null;
      }
    }).observe(document.querySelector('.wsinb-found'), { childList: true, characterData: true, subtree: true });
    seen.forget = () => (moved = null);
  };

  const viewer = () => jupyterapp.shell.currentWidget.content.viewer;
  const recolor = () => {
    const turned = color => `#${color.slice(3, 7)}${color.slice(1, 3)}`;
    const { labels } = viewer();
    labels.set(labels.all.map(label => ({ ...label, color: turned(label.color) })));
  };
  const threshold = value => viewer().look.set({ threshold: value });
  const zoom = () => viewer().map.getZoom();
  const hasLook = () => viewer().look !== undefined;

  /** Milliseconds that pictures take to arrive, one after the other; those that do not within a limit are null. */
  const fetchImages = async (urls, limit) => {
    const times = [];
    for (const url of urls) {
      const start = performance.now();
      const image = new Image();
      const arrived = new Promise((resolve, reject) => {
        image.onload = resolve;
        image.onerror = () => reject(new Error(`No picture at ${url}`));
      });
      image.src = url;
      const late = new Promise(resolve => setTimeout(resolve, limit, 'late'));
      times.push((await Promise.race([arrived, late])) === 'late' ? null : performance.now() - start);
    }
    return times;
  };

  return { seen, painted, waitPainted, change, record, recorded, watchPicks, recolor, threshold, zoom, hasLook, fetchImages };
})();
