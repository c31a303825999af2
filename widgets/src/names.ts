/** Python names its settings in snake_case, TypeScript in camelCase; only settings, not what people named. */

const PAIRS: readonly [string, string][] = [['color_by', 'colorBy']];

export function fromPython<T extends object>(settings: unknown): Partial<T> {
  return renamed(settings as Record<string, unknown>, new Map(PAIRS)) as Partial<T>;
}

export function toPython(settings: object): Record<string, unknown> {
  return renamed(settings, new Map(PAIRS.map(([python, own]) => [own, python])));
}

function renamed(settings: object, names: Map<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [names.get(name) ?? name, value])
  );
}
