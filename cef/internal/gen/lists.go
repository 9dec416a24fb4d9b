package main

// A side says who implements a counted struct.
type side int

const (
	library side = iota // CEF does; Go holds references to it
	handler             // the application does; CEF calls it
)

// An object is one reference-counted (or scoped) struct that gets a Go wrapper. Adding another struct of the table is a line here.
type object struct {
	Name string // without cef_ and _t
	Side side
	File string // the generated Go file, without _gen.go
}

var objects = []object{
	{"app", handler, "app"},
	{"browser_process_handler", handler, "app"},
	{"render_process_handler", handler, "app"},
	{"resource_bundle_handler", handler, "app"},
	{"resource_bundle", library, "app"},
	{"scheme_registrar", library, "app"},
	{"scheme_handler_factory", handler, "app"},
	{"command_line", library, "app"},
	{"preference_registrar", library, "app"},
	{"preference_manager", library, "app"},
	{"preference_observer", handler, "app"},
	{"registration", library, "app"},
	{"task", handler, "app"},
	{"task_runner", library, "app"},
	{"task_manager", library, "app"},
	{"thread", library, "app"},
	{"waitable_event", library, "app"},
	{"component", library, "app"},
	{"component_updater", library, "app"},
	{"component_update_callback", handler, "app"},
	{"end_tracing_callback", handler, "app"},
	{"callback", library, "app"},
	{"completion_callback", handler, "app"},

	{"browser", library, "browser"},
	{"browser_host", library, "browser"},
	{"frame", library, "browser"},
	{"client", handler, "browser"},
	{"navigation_entry", library, "browser"},
	{"navigation_entry_visitor", handler, "browser"},
	{"dev_tools_message_observer", handler, "browser"},
	{"string_visitor", handler, "browser"},
	{"pdf_print_callback", handler, "browser"},
	{"download_image_callback", handler, "browser"},
	{"run_file_dialog_callback", handler, "browser"},
	{"request_context", library, "browser"},
	{"request_context_handler", handler, "browser"},
	{"resolve_callback", handler, "browser"},
	{"setting_observer", handler, "browser"},
	{"process_message", library, "browser"},
	{"shared_memory_region", library, "browser"},
	{"shared_process_message_builder", library, "browser"},

	{"accessibility_handler", handler, "handlers"},
	{"audio_handler", handler, "handlers"},
	{"command_handler", handler, "handlers"},
	{"context_menu_handler", handler, "handlers"},
	{"context_menu_params", library, "handlers"},
	{"run_context_menu_callback", library, "handlers"},
	{"run_quick_menu_callback", library, "handlers"},
	{"dialog_handler", handler, "handlers"},
	{"file_dialog_callback", library, "handlers"},
	{"display_handler", handler, "handlers"},
	{"download_handler", handler, "handlers"},
	{"download_item", library, "handlers"},
	{"download_item_callback", library, "handlers"},
	{"before_download_callback", library, "handlers"},
	{"drag_handler", handler, "handlers"},
	{"drag_data", library, "handlers"},
	{"find_handler", handler, "handlers"},
	{"focus_handler", handler, "handlers"},
	{"frame_handler", handler, "handlers"},
	{"jsdialog_handler", handler, "handlers"},
	{"jsdialog_callback", library, "handlers"},
	{"keyboard_handler", handler, "handlers"},
	{"life_span_handler", handler, "handlers"},
	{"load_handler", handler, "handlers"},
	{"permission_handler", handler, "handlers"},
	{"media_access_callback", library, "handlers"},
	{"permission_prompt_callback", library, "handlers"},
	{"print_handler", handler, "handlers"},
	{"print_settings", library, "handlers"},
	{"print_dialog_callback", library, "handlers"},
	{"print_job_callback", library, "handlers"},
	{"render_handler", handler, "handlers"},

	{"request_handler", handler, "network"},
	{"resource_request_handler", handler, "network"},
	{"resource_handler", handler, "network"},
	{"resource_skip_callback", library, "network"},
	{"resource_read_callback", library, "network"},
	{"response_filter", handler, "network"},
	{"cookie_access_filter", handler, "network"},
	{"cookie_manager", library, "network"},
	{"cookie_visitor", handler, "network"},
	{"set_cookie_callback", handler, "network"},
	{"delete_cookies_callback", handler, "network"},
	{"request", library, "network"},
	{"response", library, "network"},
	{"post_data", library, "network"},
	{"post_data_element", library, "network"},
	{"auth_callback", library, "network"},
	{"unresponsive_process_callback", library, "network"},
	{"select_client_certificate_callback", library, "network"},
	{"sslinfo", library, "network"},
	{"sslstatus", library, "network"},
	{"x509_certificate", library, "network"},
	{"x509_cert_principal", library, "network"},
	{"urlrequest", library, "network"},
	{"urlrequest_client", handler, "network"},
	{"server", library, "network"},
	{"server_handler", handler, "network"},
	{"media_router", library, "network"},
	{"media_observer", handler, "network"},
	{"media_route", library, "network"},
	{"media_route_create_callback", handler, "network"},
	{"media_sink", library, "network"},
	{"media_sink_device_info_callback", handler, "network"},
	{"media_source", library, "network"},

	{"value", library, "values"},
	{"binary_value", library, "values"},
	{"dictionary_value", library, "values"},
	{"list_value", library, "values"},
	{"image", library, "values"},
	{"stream_reader", library, "values"},
	{"stream_writer", library, "values"},
	{"read_handler", handler, "values"},
	{"write_handler", handler, "values"},
	{"xml_reader", library, "values"},
	{"zip_reader", library, "values"},
	{"domvisitor", handler, "values"},
	{"domdocument", library, "values"},
	{"domnode", library, "values"},

	{"v8_context", library, "v8"},
	{"v8_value", library, "v8"},
	{"v8_handler", handler, "v8"},
	{"v8_accessor", handler, "v8"},
	{"v8_interceptor", handler, "v8"},
	{"v8_exception", library, "v8"},
	{"v8_array_buffer_release_callback", handler, "v8"},
	{"v8_backing_store", library, "v8"},
	{"v8_stack_trace", library, "v8"},
	{"v8_stack_frame", library, "v8"},

	{"view", library, "views"},
	{"panel", library, "views"},
	{"window", library, "views"},
	{"browser_view", library, "views"},
	{"button", library, "views"},
	{"label_button", library, "views"},
	{"menu_button", library, "views"},
	{"menu_button_pressed_lock", library, "views"},
	{"scroll_view", library, "views"},
	{"textfield", library, "views"},
	{"overlay_controller", library, "views"},
	{"layout", library, "views"},
	{"box_layout", library, "views"},
	{"fill_layout", library, "views"},
	{"display", library, "views"},
	{"menu_model", library, "views"},
	{"menu_model_delegate", handler, "views"},
	{"view_delegate", handler, "views"},
	{"panel_delegate", handler, "views"},
	{"window_delegate", handler, "views"},
	{"browser_view_delegate", handler, "views"},
	{"button_delegate", handler, "views"},
	{"menu_button_delegate", handler, "views"},
	{"textfield_delegate", handler, "views"},
}

// byHand lists exported functions that need care no rule gives them; Go code calls them itself.
var byHand = []string{
	"cef_api_", "cef_string_", "cef_execute_process", "cef_initialize", "cef_shutdown", "cef_run_message_loop",
	"cef_get_xdisplay", "cef_get_current_platform_thread_handle", "cef_time_",
}

// trueByDefault lists handler methods whose default in CEF's C++ API is true, where a missing C callback would mean false.
var trueByDefault = map[string]bool{
	"download_handler.can_download":                      true,
	"cookie_access_filter.can_send_cookie":               true,
	"cookie_access_filter.can_save_cookie":               true,
	"audio_handler.get_audio_parameters":                 true,
	"command_handler.is_chrome_app_menu_item_visible":    true,
	"command_handler.is_chrome_app_menu_item_enabled":    true,
	"command_handler.is_chrome_page_action_icon_visible": true,
	"command_handler.is_chrome_toolbar_button_visible":   true,
	"window_delegate.can_resize":                         true,
	"window_delegate.can_maximize":                       true,
	"window_delegate.can_minimize":                       true,
	"window_delegate.can_close":                          true,
}

// intResults lists methods without a get_ prefix whose int result is a number; every other such result is a truth value.
var intResults = map[string]bool{
	"read_handler.seek": true, "stream_reader.seek": true, "write_handler.seek": true, "stream_writer.seek": true,
	"write_handler.flush": true, "stream_writer.flush": true, "browser_host.execute_dev_tools_method": true, "zip_reader.read_file": true,
	"v8_value.adjust_externally_allocated_memory": true,
}

// boolResults lists methods with a get_ prefix whose int result is a truth value all the same.
var boolResults = map[string]bool{
	"value.get_bool": true, "dictionary_value.get_bool": true, "list_value.get_bool": true, "dictionary_value.get_keys": true,
	"image.get_representation_info": true, "drag_data.get_file_names": true, "drag_data.get_file_paths": true,
	"audio_handler.get_audio_parameters": true, "menu_model.get_accelerator": true, "menu_model.get_accelerator_at": true,
	"menu_model.get_color": true, "menu_model.get_color_at": true, "context_menu_params.get_dictionary_suggestions": true,
	"display_handler.get_root_window_screen_rect": true, "request_handler.get_auth_credentials": true,
	"render_handler.get_root_screen_rect": true, "render_handler.get_screen_point": true, "render_handler.get_screen_info": true,
	"v8_accessor.get": true, "v8_interceptor.get_byname": true, "v8_interceptor.get_byindex": true, "v8_value.get_bool_value": true,
	"v8_value.get_keys": true, "resource_bundle_handler.get_localized_string": true, "resource_bundle_handler.get_data_resource": true,
	"resource_bundle_handler.get_data_resource_for_scale": true, "task_manager.get_task_ids_list": true,
	"task_manager.get_task_info": true, "urlrequest_client.get_auth_credentials": true, "window_delegate.get_titlebar_height": true,
	"window_delegate.get_linux_window_properties": true,
}

// boolNames lists int parameters that are truth values, and *int parameters that point to one.
var boolNames = set("enabled visible user_gesture success shift_pressed ctrl_pressed alt_pressed isProxy added overwrite is_navigation " +
	"is_download is_devtools fullscreen checked with_transparency will_cause_resize show_dialog show selection_only reversed rethrow " +
	"relative_cursor_pos reattached read_only prefer_accelerators password_input on_top ok next mute mouse_up mouse_down mouseUp " +
	"mouseLeave matchCase landscape_needs_flip landscape keep_selection is_reload is_redirect is_favicon is_completed isLoading " +
	"include_defaults include_children includeHttpOnly high_priority hidden has_video_access has_selection has_audio_access get_defaults " +
	"forward force_close focusable focus findNext finalUpdate exclude_empty_children current_only collate clearSelection caseSensitive " +
	"can_activate canGoForward canGoBack bypass_cache add active is_rtl no_javascript_access use_default_window is_keyboard_shortcut " +
	"suppress_message handle_request allow_os_execution disable_default_handling proceed input_pixel_coords stoppable automatic_reset " +
	"initially_signaled use_plus convert_to_utf8 allow_target_subdomains recursive include_hidden_files chrome_theme " +
	"transactional is_persistent")

func set(words string) map[string]bool {
	m := map[string]bool{}
	start := -1
	for i := 0; i <= len(words); i++ {
		if i == len(words) || words[i] == ' ' {
			if start >= 0 {
				m[words[start:i]] = true
			}
			start = -1
		} else if start < 0 {
			start = i
		}
	}
	return m
}
