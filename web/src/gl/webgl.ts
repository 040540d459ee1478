/** Points of many shapes and lines of any width with WebGL 2, some hundred thousand of each. */

import { PIECE_FRAGMENT, PIECE_VERTEX, POINT_FRAGMENT, POINT_VERTEX } from "./shaders";
import { SELECTED } from "./scene";
import type { Pieces, Points, Scene, Style, Transform } from "./scene";

interface Program {
  readonly program: WebGLProgram;
  readonly uniforms: Map<string, WebGLUniformLocation>;
  readonly array: WebGLVertexArrayObject;
  readonly buffers: Map<string, WebGLBuffer>;
}

interface Attribute {
  readonly name: string;
  readonly width: number;
  readonly kind: "float" | "bytes" | "byte";
}

const POINT_ATTRIBUTES: readonly Attribute[] = [
  { name: "a_x", width: 1, kind: "float" },
  { name: "a_y", width: 1, kind: "float" },
  { name: "a_look", width: 4, kind: "bytes" },
  { name: "a_shape", width: 1, kind: "byte" },
];
const PIECE_ATTRIBUTES: readonly Attribute[] = [
  { name: "a_ends", width: 4, kind: "float" },
  { name: "a_look", width: 4, kind: "bytes" },
];

/** A scene on the canvas, or null where there is no WebGL 2. */
export function webglScene(canvas: HTMLCanvasElement, restored: () => void): Scene | null {
  const gl = canvas.getContext("webgl2", {
    alpha: true,
    antialias: false,
    depth: false,
    stencil: false,
    premultipliedAlpha: true,
    // Printing and screenshots read the canvas after the frame.
    preserveDrawingBuffer: true,
  });
  return gl === null ? null : new WebglScene(canvas, gl, restored);
}

class WebglScene implements Scene {
  readonly kind = "webgl";
  private points: Program;
  private pieces: Program;
  private corners: WebGLBuffer;
  private pointCount = 0;
  private pieceCount = 0;
  private lastPoints: Points | null = null;
  private lastPieces: Pieces | null = null;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
    restored: () => void,
  ) {
    this.points = program(gl, POINT_VERTEX, POINT_FRAGMENT, POINT_ATTRIBUTES);
    this.pieces = program(gl, PIECE_VERTEX, PIECE_FRAGMENT, PIECE_ATTRIBUTES);
    this.corners = gl.createBuffer();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.points = program(gl, POINT_VERTEX, POINT_FRAGMENT, POINT_ATTRIBUTES);
      this.pieces = program(gl, PIECE_VERTEX, PIECE_FRAGMENT, PIECE_ATTRIBUTES);
      this.corners = gl.createBuffer();
      if (this.lastPoints !== null) this.setPoints(this.lastPoints);
      if (this.lastPieces !== null) this.setPieces(this.lastPieces);
      restored();
    });
  }

  setPoints(points: Points): void {
    this.lastPoints = points;
    this.pointCount = points.x.length;
    this.fill(this.points, "a_x", points.x);
    this.fill(this.points, "a_y", points.y);
    this.setLooks(points.look, points.shape);
  }

  setLooks(look: Uint8Array, shape: Uint8Array): void {
    if (this.lastPoints !== null) this.lastPoints = { ...this.lastPoints, look, shape };
    this.fill(this.points, "a_look", look);
    this.fill(this.points, "a_shape", shape);
  }

  setPieces(pieces: Pieces): void {
    this.lastPieces = pieces;
    this.pieceCount = pieces.ends.length / 4;
    const ends = new Float32Array(4 * pieces.ends.length);
    for (let k = 0; k < pieces.ends.length; k += 4)
      for (let corner = 0; corner < 4; corner++)
        ends.set(pieces.ends.subarray(k, k + 4), 4 * k + 4 * corner);
    this.fill(this.pieces, "a_ends", ends);
    this.setPieceLooks(pieces.look);
    this.fillCorners(this.pieceCount);
  }

  setPieceLooks(look: Uint8Array): void {
    if (this.lastPieces !== null) this.lastPieces = { ...this.lastPieces, look };
    const words = new Uint32Array(look.buffer, look.byteOffset, look.length / 4);
    const looks = new Uint32Array(4 * words.length);
    words.forEach((word, k) => looks.fill(word, 4 * k, 4 * k + 4));
    this.fill(this.pieces, "a_look", looks);
  }

  /**
   * Two triangles a piece. Software renderers draw every instance on its own, so that instancing
   * would be ten times slower there; four vertices a piece cost memory only.
   */
  private fillCorners(count: number): void {
    const { gl } = this;
    const corners = new Uint32Array(6 * count);
    for (let k = 0; k < count; k++) corners.set([4 * k, 4 * k + 1, 4 * k + 2, 4 * k + 2, 4 * k + 1, 4 * k + 3], 6 * k);
    gl.bindVertexArray(this.pieces.array);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.corners);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, corners, gl.DYNAMIC_DRAW);
    gl.bindVertexArray(null);
  }

  draw(width: number, height: number, transform: Transform, style: Style): void {
    const { gl } = this;
    if (gl.isContextLost()) return;
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (this.pieceCount > 0) {
      this.use(this.pieces, width, height, transform, style);
      gl.uniform1f(at(this.pieces, "u_width"), style.width);
      for (const pass of passes(this.lastPieces?.look)) {
        gl.uniform1f(at(this.pieces, "u_pass"), pass);
        gl.drawElements(gl.TRIANGLES, 6 * this.pieceCount, gl.UNSIGNED_INT, 0);
      }
    }
    if (this.pointCount > 0) {
      this.use(this.points, width, height, transform, style);
      gl.uniform1f(at(this.points, "u_size"), style.size);
      gl.uniform1i(at(this.points, "u_tiny"), style.size < 5 ? 1 : 0);
      gl.uniform3f(at(this.points, "u_ring"), ...style.ring);
      gl.uniform3f(at(this.points, "u_paper"), ...style.paper);
      for (const pass of passes(this.lastPoints?.look)) {
        gl.uniform1f(at(this.points, "u_pass"), pass);
        gl.drawArrays(gl.POINTS, 0, this.pointCount);
      }
    }
    gl.bindVertexArray(null);
  }

  private use(used: Program, width: number, height: number, t: Transform, style: Style): void {
    const { gl } = this;
    gl.useProgram(used.program);
    gl.bindVertexArray(used.array);
    gl.uniform4f(at(used, "u_transform"), t.sx, t.sy, t.ox, t.oy);
    gl.uniform2f(at(used, "u_viewport"), width, height);
    gl.uniform1f(at(used, "u_rest"), style.rest);
  }

  private fill(used: Program, name: string, data: Float32Array | Uint8Array | Uint32Array): void {
    const buffer = used.buffers.get(name);
    if (buffer === undefined) return;
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, data, this.gl.DYNAMIC_DRAW);
  }
}

const known = new WeakMap<Uint8Array, readonly number[]>();

/** What is selected is drawn after the rest; where nothing is, one pass will do. */
function passes(look: Uint8Array | undefined): readonly number[] {
  if (look === undefined) return [0];
  const found = known.get(look);
  if (found !== undefined) return found;
  let any = false;
  for (let k = 3; k < look.length && !any; k += 4) any = ((look[k] ?? 0) & SELECTED) !== 0;
  const made = any ? [0, 1] : [0];
  known.set(look, made);
  return made;
}

function at(used: Program, name: string): WebGLUniformLocation | null {
  return used.uniforms.get(name) ?? null;
}

function program(
  gl: WebGL2RenderingContext,
  vertex: string,
  fragment: string,
  attributes: readonly Attribute[],
): Program {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(kind);
    if (shader === null) continue;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (gl.getProgramParameter(made, gl.LINK_STATUS) !== true && !gl.isContextLost())
    throw new Error(`The graphics program does not link: ${gl.getProgramInfoLog(made) ?? ""}`);
  const uniforms = new Map<string, WebGLUniformLocation>();
  const count = Number(gl.getProgramParameter(made, gl.ACTIVE_UNIFORMS) ?? 0);
  for (let k = 0; k < count; k++) {
    const name = gl.getActiveUniform(made, k)?.name;
    const location = name === undefined ? null : gl.getUniformLocation(made, name);
    if (name !== undefined && location !== null) uniforms.set(name, location);
  }
  const array = gl.createVertexArray();
  gl.bindVertexArray(array);
  const buffers = new Map<string, WebGLBuffer>();
  for (const attribute of attributes) {
    const buffer = gl.createBuffer();
    buffers.set(attribute.name, buffer);
    const location = gl.getAttribLocation(made, attribute.name);
    if (location < 0) continue;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(location);
    const kind = attribute.kind === "float" ? gl.FLOAT : gl.UNSIGNED_BYTE;
    gl.vertexAttribPointer(location, attribute.width, kind, attribute.kind === "bytes", 0, 0);
  }
  gl.bindVertexArray(null);
  return { program: made, uniforms, array, buffers };
}
