// Plays the page's sounds: a button starts its sound; another button of the same row goes on at the same place.
"use strict";
const sounds = JSON.parse(document.getElementById("hb-sounds").textContent);
const audio = new Audio();
let playing = null;

function show(button) {
  playing?.setAttribute("aria-pressed", "false");
  button?.setAttribute("aria-pressed", "true");
  playing = button;
}

function play(button) {
  const within = playing && playing.parentElement === button.parentElement && !audio.paused;
  const from = within ? audio.currentTime : 0;
  show(button);
  audio.src = sounds[button.dataset.sound];
  audio.currentTime = from;
  audio.play().catch((error) => {
    button.title = `This browser cannot play FLAC (${error.message})`;
    show(null);
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-sound]");
  if (!button) return;
  if (button === playing) {
    audio.pause();
    show(null);
    return;
  }
  play(button);
});
audio.addEventListener("ended", () => show(null));
