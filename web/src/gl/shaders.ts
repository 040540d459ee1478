/** Shaders of the WebGL scene (GLSL ES 3.00). */

export const POINT_VERTEX = `#version 300 es
precision highp float;
in float a_x;
in float a_y;
in vec4 a_look;
in float a_shape;
uniform vec4 u_transform;
uniform vec2 u_viewport;
uniform float u_size;
uniform float u_rest;
uniform float u_pass;
uniform bool u_tiny;
out float v_box;
flat out int v_shape;
flat out int v_flags;
out vec3 v_colour;
out float v_alpha;
out float v_size;
void main() {
  int flags = int(a_look.a * 255.0 + 0.5);
  bool chosen = (flags & 1) != 0;
  bool faded = (flags & 2) != 0;
  if ((flags & 8) != 0 || chosen != (u_pass > 0.5)) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 1.0;
    return;
  }
  vec2 at = vec2(a_x, a_y) * u_transform.xy + u_transform.zw;
  vec2 clip = at / u_viewport * 2.0 - 1.0;
  gl_Position = vec4(clip.x, -clip.y, 0.0, 1.0);
  float size = chosen ? u_size * 1.3 + 1.5 : faded ? max(u_size * 0.7, 1.5) : u_size;
  // Room for the outline on both sides.
  gl_PointSize = size + (u_tiny && !chosen ? 1.5 : 4.0);
  v_box = gl_PointSize;
  v_size = size;
  v_shape = int(a_shape + 0.5);
  v_flags = flags;
  v_colour = a_look.rgb;
  v_alpha = faded ? min(u_rest, 0.16) : chosen ? 1.0 : u_rest;
}`;

export const POINT_FRAGMENT = `#version 300 es
precision highp float;
flat in int v_shape;
flat in int v_flags;
in vec3 v_colour;
in float v_alpha;
in float v_size;
in float v_box;
uniform vec3 u_ring;
uniform vec3 u_paper;
uniform bool u_tiny;
out vec4 colour;
float box(vec2 p, vec2 b) { vec2 d = abs(p) - b; return max(d.x, d.y); }
float cross2(vec2 p) { return min(box(p, vec2(1.0, 0.34)), box(p, vec2(0.34, 1.0))); }
float triangle(vec2 p) { return max(dot(vec2(abs(p.x), p.y), vec2(0.875, -0.484)) - 0.484, p.y - 0.7); }
float star(vec2 p) {
  float a = atan(p.x, -p.y);
  float k = 6.2831853 / 5.0;
  a = abs(mod(a + k / 2.0, k) - k / 2.0);
  vec2 q = length(p) * vec2(cos(a), sin(a));
  vec2 tip = vec2(1.1, 0.0);
  vec2 dent = vec2(0.4045, 0.2939);
  vec2 edge = dent - tip;
  vec2 normal = normalize(vec2(edge.y, -edge.x));
  return dot(q - tip, normal);
}
float shape(vec2 p) {
  if (v_shape == 0) return length(p) - 0.95;
  if (v_shape == 1) return box(p, vec2(0.8));
  if (v_shape == 2) return triangle(p);
  if (v_shape == 3) return (abs(p.x) * 1.22 + abs(p.y) - 1.05) * 0.63;
  if (v_shape == 4) return triangle(vec2(p.x, -p.y));
  if (v_shape == 5) return cross2(p);
  if (v_shape == 6) return cross2(vec2(p.x + p.y, p.x - p.y) * 0.70710678);
  return star(p);
}
void main() {
  // Shapes of a few pixels cannot be told apart: a disc is much less work.
  if (u_tiny && (v_flags & 5) == 0) {
    float a = clamp(0.5 + v_size * 0.5 - length(gl_PointCoord - 0.5) * v_box, 0.0, 1.0) * v_alpha;
    if (a < 0.01) discard;
    colour = vec4(v_colour * a, a);
    return;
  }
  vec2 p = (gl_PointCoord * 2.0 - 1.0) * v_box / v_size;
  float d = shape(p) * v_size * 0.5;
  bool chosen = (v_flags & 1) != 0;
  bool missing = (v_flags & 4) != 0;
  float inside = clamp(0.5 - d, 0.0, 1.0);
  float a = inside;
  vec3 c = v_colour;
  if (missing && v_size > 4.0) {
    a = clamp(0.5 - (abs(d + 0.8) - 0.8), 0.0, 1.0);
  }
  if (chosen) {
    float rim = clamp(0.5 - (abs(d - 0.6) - 0.9), 0.0, 1.0);
    c = mix(c, u_ring, rim);
    a = max(a, rim);
  } else if (v_size > 6.0 && !missing) {
    // A thin light edge keeps neighbours apart.
    float rim = clamp(0.5 - (abs(d) - 0.35), 0.0, 1.0);
    c = mix(c, u_paper, rim * 0.75);
  }
  a *= v_alpha;
  if (a < 0.01) discard;
  colour = vec4(c * a, a);
}`;

export const PIECE_VERTEX = `#version 300 es
precision highp float;
in vec4 a_ends;
in vec4 a_look;
uniform vec4 u_transform;
uniform vec2 u_viewport;
uniform float u_width;
uniform float u_rest;
uniform float u_pass;
out float v_across;
flat out float v_half;
flat out vec4 v_colour;
void main() {
  int flags = int(a_look.a * 255.0 + 0.5);
  bool chosen = (flags & 1) != 0;
  if (chosen != (u_pass > 0.5)) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    return;
  }
  vec2 a = a_ends.xy * u_transform.xy + u_transform.zw;
  vec2 b = a_ends.zw * u_transform.xy + u_transform.zw;
  float width = chosen ? u_width * 1.8 : u_width;
  float reach = width * 0.5 + 0.75;
  vec2 along = b - a;
  float size = length(along);
  along = size > 0.0 ? along / size : vec2(1.0, 0.0);
  vec2 across = vec2(-along.y, along.x);
  float side = (gl_VertexID & 1) == 0 ? -1.0 : 1.0;
  bool end = (gl_VertexID & 2) != 0;
  vec2 at = (end ? b + along * width * 0.5 : a - along * width * 0.5) + across * side * reach;
  vec2 clip = at / u_viewport * 2.0 - 1.0;
  gl_Position = vec4(clip.x, -clip.y, 0.0, 1.0);
  v_across = side * reach;
  v_half = width * 0.5;
  v_colour = vec4(a_look.rgb, (flags & 2) != 0 ? min(u_rest, 0.22) : chosen ? 1.0 : u_rest);
}`;

export const PIECE_FRAGMENT = `#version 300 es
precision highp float;
in float v_across;
flat in float v_half;
flat in vec4 v_colour;
out vec4 colour;
void main() {
  float a = clamp(v_half + 0.5 - abs(v_across), 0.0, 1.0) * v_colour.a;
  if (a < 0.01) discard;
  colour = vec4(v_colour.rgb * a, a);
}`;
