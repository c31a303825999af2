/** What the browser knows of what is learned live. */
import { describe, expect, it } from 'vitest';
import { Live, type LiveState } from '../src/live/model';

const STATE: LiveState = { id: 'a', paused: false, state: 'learned from 2 strokes', error: '' };

function message(id: string, number: number): Parameters<Live['hear']>[0] {
  return {
    ...{ event: 'live', what: 'planes', id, number, width: 2, height: 1, labels: ['tumor'] },
    box: [0, 0, 20, 10]
  };
}

function planes(...values: number[]): DataView[] {
  // as they come in the middle of a message
  const bytes = Uint8Array.from([9, ...values]);
  return [new DataView(bytes.buffer, 1)];
}

describe('Live', () => {
  it('keeps the newest prediction, byte by byte', () => {
    const live = new Live();
    live.set(STATE);
    live.hear(message('a', 1), planes(1, 2));
    live.hear(message('a', 2), planes(3, 255));
    expect(live.planes?.number).toBe(2);
    expect([...live.planes!.planes[0]!]).toEqual([3, 255]);
  });

  it('does not listen to what was stopped, is paused, or is about something else', () => {
    const live = new Live();
    live.hear(message('a', 1), planes(1, 2));
    live.set(STATE);
    live.hear(message('b', 1), planes(1, 2));
    live.hear({ ...message('a', 1), event: 'go_to' }, planes(1, 2));
    live.set({ ...STATE, paused: true });
    live.hear(message('a', 2), planes(1, 2));
    expect(live.planes).toBeNull();
  });

  it.each([
    ['paused', { ...STATE, paused: true }],
    ['another', { ...STATE, id: 'b' }],
    ['stopped', {}]
  ])('forgets the prediction when it is %s', (_, state) => {
    const live = new Live();
    live.set(STATE);
    live.hear(message('a', 1), planes(1, 2));
    let told = 0;
    live.predicted.connect(() => (told += 1));
    live.set({ ...STATE, state: 'learned from 3 strokes' });
    expect(live.planes?.number).toBe(1);
    live.set(state);
    expect(live.planes).toBeNull();
    expect(told).toBe(1);
  });

  it('takes a message without a box as nothing to show', () => {
    const live = new Live();
    live.set(STATE);
    live.hear(message('a', 1), planes(1, 2));
    live.hear({ event: 'live', what: 'planes', id: 'a', number: 2 }, []);
    expect(live.planes).toBeNull();
  });

  it('asks the kernel to pause and to go on, and says nothing once it was stopped', () => {
    const live = new Live();
    const said: unknown[] = [];
    live.said.connect((_, words) => said.push(words));
    live.toggle();
    live.set(STATE);
    live.toggle();
    live.set({ ...STATE, paused: true });
    live.toggle();
    live.set({});
    live.say({ what: 'again' });
    expect(said).toEqual([
      { what: 'paused', paused: true, id: 'a' },
      { what: 'paused', paused: false, id: 'a' }
    ]);
  });
});
