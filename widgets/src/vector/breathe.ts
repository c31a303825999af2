/** A pause that lets messages and events in; timers would wait for four milliseconds. */
export const breathe = ((): (() => Promise<void>) => {
  const channel = new MessageChannel();
  const waiting: (() => void)[] = [];
  channel.port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise(resume => {
      waiting.push(resume);
      channel.port2.postMessage(null);
    });
})();
