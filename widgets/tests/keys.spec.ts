// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { handleKey, type KeyActions } from '../src/keys';

function press(key: string, labels: string[], stepping: boolean): string[] {
  const done: string[] = [];
  const note = (what: string) => (): void => void done.push(what);
  const actions: KeyActions = {
    save: note('save'),
    undo: note('undo'),
    redo: note('redo'),
    removeSelected: note('remove'),
    cancel: note('cancel'),
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
  handleKey(new KeyboardEvent('keydown', { key, shiftKey: key === key.toUpperCase() }), actions);
  return done;
}

describe('handleKey', () => {
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
