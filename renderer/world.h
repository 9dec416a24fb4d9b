// Which JavaScript worlds are ours, and the bytes they exchange with the browser process. All of it runs on the renderer's main
// thread only, so nothing is locked.
#ifndef ORIEL_RENDERER_WORLD_H
#define ORIEL_RENDERER_WORLD_H

#include "../cef/loader.h"

// A browser was announced: its token, by which its runtime proves itself, and whether frames below the main one may have
// natives. Borrows.
void oriel_world_trust(int browser, const cef_string_t *token, int subframes);

// One announcement of the browser has ended; with the last one its sessions end.
void oriel_world_forget(int browser);

// A context was created: if it may turn out to be ours it gets the bootstrap function, otherwise nothing. Borrows.
void oriel_world_offer(int browser, cef_frame_t *frame, cef_v8_context_t *context);

// A context is about to go: its session ends. Borrows.
void oriel_world_released(cef_v8_context_t *context);

// Hands a message to the session of a frame; without one it is dropped and counted. Borrows.
void oriel_world_receive(int browser, cef_frame_t *frame, cef_process_message_t *message);

// Hands a message about a ring to the session of a frame. Borrows.
void oriel_world_ring(int browser, cef_frame_t *frame, cef_process_message_t *message);

#endif
