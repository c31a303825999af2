/** The values of an overlay, tile by tile: one byte a pixel. */
import { PatientImage } from '../image/patient';

/** 128 tiles of 512 pixels. */
const KEPT_BYTES = 32 * 1024 * 1024;

export interface Tile {
  z: number;
  x: number;
  y: number;
}

export interface ValueEvents {
  ready(tile: Tile): void;
  /** Called at each attempt that fails. */
  failed(): void;
  /** Nothing fails any more. */
  works(): void;
}

interface Loading {
  tile: Tile;
  image: PatientImage;
  failing: boolean;
}

export class ValueTiles {
  private readonly kept = new Map<string, Uint8Array>();
  private readonly loading = new Map<string, Loading>();
  private readonly scratch = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  private bytes = 0;

  constructor(
    private readonly side: number,
    private readonly address: (tile: Tile) => string,
    private readonly events: ValueEvents
  ) {}

  /** Row by row; null where they are not here yet. */
  get(tile: Tile): Uint8Array | null {
    const key = keyOf(tile);
    const values = this.kept.get(key);
    if (values) {
      // what was needed last goes last
      this.kept.delete(key);
      this.kept.set(key, values);
    }
    return values ?? null;
  }

  /** Load these, in this order; what is loading for nobody any more is given up. */
  want(tiles: readonly Tile[]): void {
    const wanted = new Map(tiles.map(tile => [keyOf(tile), tile]));
    for (const [key, { image }] of this.loading) {
      if (!wanted.has(key)) {
        image.stop();
        this.loading.delete(key);
      }
    }
    for (const [key, tile] of wanted) {
      if (!this.kept.has(key) && !this.loading.has(key)) {
        this.load(key, tile);
      }
    }
    this.settle();
  }

  /** Ask again now for what did not come. */
  retry(): void {
    this.loading.forEach(({ failing, image }) => failing && image.retry());
  }

  dispose(): void {
    this.loading.forEach(({ image }) => image.stop());
    this.loading.clear();
    this.kept.clear();
  }

  private load(key: string, tile: Tile): void {
    const image = new PatientImage({
      loaded: () => this.onLoaded(key),
      failed: () => {
        this.loading.get(key)!.failing = true;
        this.events.failed();
      }
    });
    // the picture comes first
    image.node.fetchPriority = 'low';
    this.loading.set(key, { tile, image, failing: false });
    image.show(this.address(tile));
  }

  private onLoaded(key: string): void {
    const { tile, image, failing } = this.loading.get(key)!;
    this.loading.delete(key);
    this.keep(key, this.read(image.node));
    if (failing) {
      this.retry();
      this.settle();
    }
    this.events.ready(tile);
  }

  private settle(): void {
    if (![...this.loading.values()].some(({ failing }) => failing)) {
      this.events.works();
    }
  }

  private read(image: HTMLImageElement): Uint8Array {
    const { side, scratch } = this;
    if (!scratch) {
      return new Uint8Array(side * side);
    }
    Object.assign(scratch.canvas, { width: side, height: side });
    scratch.drawImage(image, 0, 0);
    return grayOf(scratch.getImageData(0, 0, side, side).data);
  }

  private keep(key: string, values: Uint8Array): void {
    this.kept.set(key, values);
    this.bytes += values.length;
    for (const [oldest, { length }] of this.kept) {
      if (this.bytes <= KEPT_BYTES) {
        return;
      }
      this.kept.delete(oldest);
      this.bytes -= length;
    }
  }
}

/** The luma of RGBA pixels (Rec. 601, as in JPEG); grey stays as it is. */
export function grayOf(rgba: Uint8ClampedArray): Uint8Array {
  const pixels = new Uint32Array(rgba.buffer, rgba.byteOffset, rgba.length >> 2);
  const values = new Uint8Array(pixels.length);
  for (let i = 0; i < values.length; i++) {
    const word = pixels[i]!;
    values[i] = (77 * (word & 255) + 150 * ((word >> 8) & 255) + 29 * ((word >> 16) & 255)) >> 8;
  }
  return values;
}

function keyOf({ z, x, y }: Tile): string {
  return `${z}/${x}/${y}`;
}
