/**
 * Paints with WebGL2: the same pixels as `paint.ts`, one level of a channel apart at most.
 *
 * The raster, the table of colours and the alphas go up as textures of whole numbers; for each pixel a
 * shader looks up feature, colour and alpha, and puts the feature over the density cell if it is stronger.
 * What is selected or under the pointer it leaves to the other painter.
 */
import { cellsOf } from './cells';
import type { Card } from './fastest';
import type { PaintJob } from './painter';
import type { Compiled } from './style';

/** Words a row of the table of colours: no texture may be wider than 2,048 everywhere. */
const TABLE_WIDTH = 2048;
const COMPILING_POLL_MS = 10;
/** What draws without a graphics card says one of these. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

const VERTEX_SHADER = `#version 300 es
void main() {
  // one triangle that covers all
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;

const PIXEL_SHADER = `#version 300 es
precision highp float;
precision highp int;
uniform highp usampler2D owner, outline, colors, alphas, cells;
uniform int size, cellSide;
out vec4 pixel;
void main() {
  // textures begin at the top, the canvas at the bottom
  ivec2 at = ivec2(int(gl_FragCoord.x), size - 1 - int(gl_FragCoord.y));
  int id = int(texelFetch(owner, at, 0).r);
  uvec4 color = texelFetch(colors, ivec2(id % ${TABLE_WIDTH}, id / ${TABLE_WIDTH}), 0);
  color.a = texelFetch(alphas, ivec2(int(texelFetch(outline, at, 0).r), int(color.a)), 0).a;
  if (cellSide > 0) {
    ivec2 cell = at / cellSide;
    uvec4 below = all(lessThan(cell, textureSize(cells, 0))) ? texelFetch(cells, cell, 0) : uvec4(0);
    color = color.a > below.a ? color : below;
  }
  float alpha = float(color.a) / 255.0;
  pixel = vec4(vec3(color.rgb) / 255.0 * alpha, alpha);
}`;

/** In the order of their texture units. */
const TEXTURES = ['owner', 'outline', 'colors', 'alphas', 'cells'] as const;
type Texture = (typeof TEXTURES)[number];

export class GpuPainter implements Card {
  onLost?: () => void;
  private alphasOf: Compiled | null = null;
  private table = new Uint32Array(TABLE_WIDTH);
  private readonly uniforms: Record<'size' | 'cellSide', WebGLUniformLocation | null>;

  private constructor(
    private readonly canvas: OffscreenCanvas,
    private readonly gl: WebGL2RenderingContext,
    program: WebGLProgram
  ) {
    gl.useProgram(program);
    TEXTURES.forEach((name, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
      gl.uniform1i(gl.getUniformLocation(program, name), unit);
    });
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.uniforms = {
      size: gl.getUniformLocation(program, 'size'),
      cellSide: gl.getUniformLocation(program, 'cellSide')
    };
    this.upload('cells', gl.RGBA8UI, 1, 1, new Uint8Array(4));
    canvas.addEventListener('webglcontextlost', () => this.onLost?.());
  }

  /** Null where there is no WebGL2, or only one that the processor computes. */
  static async open(): Promise<GpuPainter | null> {
    if (typeof OffscreenCanvas === 'undefined') {
      return null;
    }
    const canvas = new OffscreenCanvas(1, 1);
    const gl = canvas.getContext('webgl2', {
      ...{ alpha: true, antialias: false, depth: false, stencil: false },
      failIfMajorPerformanceCaveat: true
    });
    if (!gl) {
      return null;
    }
    const program = SOFTWARE.test(rendererOf(gl)) ? null : await compiled(gl);
    if (!program) {
      letGo(gl);
      return null;
    }
    return new GpuPainter(canvas, gl, program);
  }

  paint(job: PaintJob): ImageBitmap {
    const { gl, canvas } = this;
    const { size, owner, outline } = job.raster;
    if (canvas.width !== size) {
      canvas.width = canvas.height = size;
      gl.viewport(0, 0, size, size);
    }
    this.upload('owner', owner instanceof Uint16Array ? gl.R16UI : gl.R32UI, size, size, owner);
    this.upload('outline', gl.R8UI, size, size, outline);
    this.uploadColors(job);
    gl.uniform1i(this.uniforms.size, size);
    gl.uniform1i(this.uniforms.cellSide, job.tile.density ? this.uploadCells(job) : 0);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    const error = gl.getError();
    if (error !== gl.NO_ERROR || gl.isContextLost()) {
      throw new Error(`WebGL fails with error ${error}.`);
    }
    return canvas.transferToImageBitmap();
  }

  finish(): void {
    const { gl } = this;
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  dispose(): void {
    this.onLost = undefined;
    letGo(this.gl);
  }

  private uploadColors({ colors, style }: PaintJob): void {
    const { gl } = this;
    const rows = Math.ceil(colors.length / TABLE_WIDTH);
    if (this.table.length < rows * TABLE_WIDTH) {
      this.table = new Uint32Array(rows * TABLE_WIDTH);
    }
    this.table.set(colors);
    this.upload('colors', gl.RGBA8UI, TABLE_WIDTH, rows, bytesOf(this.table));
    if (this.alphasOf !== style) {
      this.upload('alphas', gl.RGBA8UI, 256, 256, bytesOf(style.alphas));
      this.alphasOf = style;
    }
  }

  /** Returns the side of a cell. */
  private uploadCells(job: PaintJob): number {
    const { perRow, side, words } = cellsOf(job);
    this.upload('cells', this.gl.RGBA8UI, perRow, perRow, bytesOf(words));
    return side;
  }

  private upload(
    name: Texture,
    format: GLenum,
    width: number,
    height: number,
    data: Uint8Array | Uint16Array | Uint32Array
  ): void {
    const { gl } = this;
    const parts = format === gl.RGBA8UI ? gl.RGBA_INTEGER : gl.RED_INTEGER;
    const type = { 1: gl.UNSIGNED_BYTE, 2: gl.UNSIGNED_SHORT, 4: gl.UNSIGNED_INT }[data.BYTES_PER_ELEMENT]!;
    gl.activeTexture(gl.TEXTURE0 + TEXTURES.indexOf(name));
    gl.texImage2D(gl.TEXTURE_2D, 0, format, width, height, 0, parts, type, data);
  }
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function rendererOf(gl: WebGL2RenderingContext): string {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  return String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}

/** Compiles beside what else is to be done, where that can be had. */
async function compiled(gl: WebGL2RenderingContext): Promise<WebGLProgram | null> {
  const parallel = gl.getExtension('KHR_parallel_shader_compile');
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX_SHADER],
    [gl.FRAGMENT_SHADER, PIXEL_SHADER]
  ] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  const isCompiling = (): boolean =>
    parallel !== null && gl.getProgramParameter(program, parallel.COMPLETION_STATUS_KHR) === false;
  while (isCompiling() && !gl.isContextLost()) {
    await new Promise(resume => setTimeout(resume, COMPILING_POLL_MS));
  }
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}

function letGo(gl: WebGL2RenderingContext): void {
  gl.getExtension('WEBGL_lose_context')?.loseContext();
}
