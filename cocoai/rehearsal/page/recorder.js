// Records a voice clip with the microphone, as Slack's own clients do: in a browser's format, without a length in its head.

import { texts } from "./texts.js";

// The formats that browsers record in, and the endings that Slack gives them.
const FORMATS = { "audio/mp4": "m4a", "audio/webm": "webm" };

export class Recorder {
  // `button` begins and ends a recording; `done(file)` gets it, and `refused(why)` is called where nothing can be recorded.
  constructor(button, done, refused) {
    this.button = button;
    this.done = done;
    this.refused = refused;
    this.recorder = null;
    button.addEventListener("click", () => (this.recorder ? this.recorder.stop() : this.begin()));
    this.show(false);
  }

  // Shows whether something is being recorded.
  show(isOn) {
    this.button.setAttribute("aria-label", isOn ? texts.stopRecording : texts.record);
    this.button.setAttribute("aria-pressed", String(isOn));
  }

  async begin() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const type = Object.keys(FORMATS).find((each) => MediaRecorder.isTypeSupported(each)) ?? "";
      this.recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
    } catch {
      this.refused(texts.noMicrophone);
      return;
    }
    const pieces = [];
    this.recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
    this.recorder.addEventListener("stop", () => this.end(pieces));
    this.recorder.start();
    this.show(true);
  }

  // Ends the recording, frees the microphone, and hands the clip over.
  end(pieces) {
    const type = this.recorder.mimeType.split(";")[0];
    for (const track of this.recorder.stream.getTracks()) track.stop();
    this.recorder = null;
    this.show(false);
    const file = new File(pieces, `audio_message.${FORMATS[type] ?? "webm"}`, { type });
    file.clip = true;
    this.done(file);
  }
}
