// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { editBindings, type KeyActions } from '../src/bindings';
import { Keys } from '../src/keys';

function press(key: string, labels: string[], stepping: boolean): string[] {
  const done: string[] = [];
  const note = (what: string) => (): void => void done.push(what);
  const actions: KeyActions = {
    save: note('save'),
    undo: note('undo'),
    redo: note('redo'),
    removeSelected: note('remove'),
    cancel: note('cancel'),
    finish: () => false,
    fit: note('fit'),
    labelImage: note('image'),
    history: note('history'),
    useTool: note('tool'),
    step: by => {
      if (stepping) {
        done.push(`step ${by}`);
      }
      return stepping;
    },
    chooseLabel: letter => {
      const known = labels.includes(letter);
      if (known) {
        done.push(`label ${letter}`);
      }
      return known;
    }
  };
  const keys = new Keys();
  keys.add(...editBindings(actions));
  keys.handle(new KeyboardEvent('keydown', { key, shiftKey: key === key.toUpperCase() }));
  return done;
}

describe('the keys of editing', () => {
  it('h opens the history, unless a label has that key; Shift+H does always', () => {
    expect(press('h', [], false)).toEqual(['history']);
    expect(press('h', ['h'], false)).toEqual(['label h']);
    expect(press('H', ['h'], false)).toEqual(['history']);
  });

  it('n and p step where there is something to step through, else they are labels', () => {
    expect(press('n', ['n'], true)).toEqual(['step 1']);
    expect(press('p', [], true)).toEqual(['step -1']);
    expect(press('n', ['n'], false)).toEqual(['label n']);
  });
});

describe('Keys', () => {
  const told = (init: KeyboardEventInit, ...names: string[]): string[] => {
    const done: string[] = [];
    const keys = new Keys();
    names.forEach(name => keys.add({ keys: name, title: name, group: '', act: () => void done.push(name) }));
    keys.handle(new KeyboardEvent('keydown', init));
    return done;
  };

  it('knows digits with Shift whatever character they give', () => {
    expect(told({ key: ')', code: 'Digit0', shiftKey: true }, 'Shift+0')).toEqual(['Shift+0']);
    expect(told({ key: '=', code: 'Digit0', shiftKey: true }, 'Shift+0')).toEqual(['Shift+0']);
    expect(told({ key: '0', code: 'Digit0' }, 'Shift+0')).toEqual([]);
  });

  it('knows characters that need Shift on some keyboards by themselves', () => {
    expect(told({ key: '?', code: 'Slash', shiftKey: true }, '?')).toEqual(['?']);
    expect(told({ key: '?', code: 'Minus', shiftKey: true }, '?')).toEqual(['?']);
    expect(told({ key: '<', code: 'IntlBackslash' }, '<')).toEqual(['<']);
  });

  it('leaves Alt alone, and forgets what is disposed', () => {
    expect(told({ key: 'a', altKey: true }, 'letter')).toEqual([]);
    const keys = new Keys();
    keys.add({ keys: 'a', title: '', group: '', act: () => undefined }).dispose();
    expect(keys.handle(new KeyboardEvent('keydown', { key: 'a' }))).toBe(false);
  });
});
