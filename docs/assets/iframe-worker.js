// A page opened from disk may not start a worker. The search then runs its script in a hidden frame.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    #window;
    #loaded;

    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      document.body.append(frame);
      this.#window = frame.contentWindow;
      // the script answers with postMessage: what it posts is a message of this worker
      this.#window.postMessage = (data) =>
        this.#deliver(new MessageEvent("message", { data }));
      const script = this.#window.document.createElement("script");
      this.#loaded = new Promise((resolve, reject) => {
        script.onload = resolve;
        script.onerror = reject;
      });
      script.src = new URL(url, location.href).href;
      this.#window.document.body.append(script);
    }

    #deliver(event) {
      this.dispatchEvent(event);
      if (typeof this.onmessage === "function") this.onmessage(event);
    }

    postMessage(data) {
      const inside = this.#window;
      this.#loaded.then(() =>
        inside.dispatchEvent(new inside.MessageEvent("message", { data })),
      );
    }

    terminate() {
      this.#window.frameElement.remove();
    }
  };
}
