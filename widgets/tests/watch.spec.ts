// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { ApiError } from '../src/api';
import { Notice } from '../src/notice';
import { Trouble } from '../src/trouble';
import { Watch } from '../src/watch';

const AWAY = 'The server does not answer.';

function watching(): { watch: Watch; notice: Notice; answer: { value: string | Error }; heard: string[] } {
  const notice = new Notice(() => undefined);
  const answer: { value: string | Error } = { value: 'first' };
  const heard: string[] = [];
  const watch = new Watch({
    api: {
      fingerprint: async () => {
        if (answer.value instanceof Error) {
          throw answer.value;
        }
        return answer.value;
      }
    },
    source: { path: 'a.tif' },
    info: { fingerprint: 'first', name: 'a' },
    node: document.createElement('div'),
    trouble: new Trouble(notice),
    reload: () => heard.push('reload'),
    back: () => heard.push('back')
  });
  return { watch, notice, answer, heard };
}

describe('Watch', () => {
  it('tells of a server that stays away, until it is back', async () => {
    const { watch, notice, answer, heard } = watching();
    answer.value = new ApiError(AWAY, 0, 'NoAnswer');
    await watch.look();
    expect(notice.node.hidden).toBe(true);
    await watch.look();
    expect(notice.node.textContent).toContain(AWAY);
    answer.value = 'first';
    await watch.look();
    expect(notice.node.hidden).toBe(true);
    expect(heard).toEqual(['back']);
    watch.dispose();
  });

  it('a slide that is gone is no trouble of the server', async () => {
    const { watch, notice, answer } = watching();
    answer.value = new ApiError('There is no slide file.', 404, 'SlideNotFound');
    await watch.look();
    await watch.look();
    expect(notice.node.hidden).toBe(true);
    watch.dispose();
  });

  it('offers to reload when the file is another one, and not any more when it is the same again', async () => {
    const { watch, answer, heard } = watching();
    answer.value = 'second';
    await watch.look();
    await watch.look();
    expect(watch.node.textContent).toContain('The file of a was replaced');
    answer.value = 'first';
    await watch.look();
    expect(watch.node.hidden).toBe(true);
    answer.value = 'second';
    await watch.look();
    watch.node.querySelector('button')!.click();
    expect(heard).toEqual(['reload']);
    watch.dispose();
  });
});
