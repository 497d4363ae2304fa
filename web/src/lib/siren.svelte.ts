// The sound of an open page. High: a siren that rises and grows louder until somebody
// answers. Low: two soft notes, once. Browsers let a page sound only after a tap.
class Siren {
  private audio: AudioContext | undefined;
  private loud: { volume: GainNode; stop: () => void } | undefined;
  /** Whether the browser lets us. */
  ready = $state(false);

  /** From a tap, or else the browser stays silent. */
  async unlock(): Promise<void> {
    this.audio ??= new AudioContext();
    // On iOS: as media, which the mute switch does not silence.
    const session = (navigator as { audioSession?: { type: string } }).audioSession;
    if (session) session.type = 'playback';
    await this.audio.resume();
    this.ready = this.audio.state === 'running';
    this.audio.onstatechange = () => (this.ready = this.audio?.state === 'running');
  }

  get sounding(): boolean {
    return this.loud !== undefined;
  }

  /** Two tones in turn, from quiet to full in half a minute. */
  high(): void {
    if (!this.audio || this.loud) return;
    const { audio } = this;
    const tone = new OscillatorNode(audio, { type: 'sawtooth', frequency: 700 });
    const sweep = new OscillatorNode(audio, { type: 'square', frequency: 1.2 });
    const depth = new GainNode(audio, { gain: 250 });
    const soften = new BiquadFilterNode(audio, { type: 'lowpass', frequency: 2400 });
    const volume = new GainNode(audio, { gain: 0.08 });
    sweep.connect(depth).connect(tone.frequency);
    tone.connect(soften).connect(volume).connect(audio.destination);
    volume.gain.linearRampToValueAtTime(0.9, audio.currentTime + 30);
    tone.start();
    sweep.start();
    const stop = () => {
      tone.stop();
      sweep.stop();
      volume.disconnect();
    };
    this.loud = { volume, stop };
  }

  low(): void {
    if (!this.audio || this.loud) return;
    const { audio } = this;
    for (const [k, frequency] of [523, 659].entries()) {
      const from = audio.currentTime + k * 0.25;
      const tone = new OscillatorNode(audio, { type: 'sine', frequency });
      const volume = new GainNode(audio, { gain: 0 });
      volume.gain.setValueAtTime(0, from);
      volume.gain.linearRampToValueAtTime(0.25, from + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, from + 0.6);
      tone.connect(volume).connect(audio.destination);
      tone.start(from);
      tone.stop(from + 0.7);
    }
  }

  quiet(): void {
    this.loud?.stop();
    this.loud = undefined;
  }
}

export const siren = new Siren();
