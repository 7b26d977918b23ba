// libcurl's easy handle as an owner. For http_client.cc and smtp_client.cc, the only files that know libcurl.
#pragma once

#include <curl/curl.h>

#include <memory>

#include "engine/base/check.h"

namespace tocsin::sinks {

struct CurlDestroyer {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(char* text) const { curl_free(text); }
};
using CurlEasy = std::unique_ptr<CURL, CurlDestroyer>;
using CurlList = std::unique_ptr<curl_slist, CurlDestroyer>;
using CurlUrl = std::unique_ptr<CURLU, CurlDestroyer>;
using CurlText = std::unique_ptr<char, CurlDestroyer>;

// Any thread. libcurl's own start runs once a process, before its first handle.
[[nodiscard]] inline CurlEasy make_curl_easy() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  TOCSIN_CHECK(started == CURLE_OK);
  CurlEasy handle(curl_easy_init());
  TOCSIN_CHECK(handle != nullptr);
  return handle;
}

// An option that this program sets can only be refused by a libcurl that lacks it.
template <typename Value>
void set_option(CURL* handle, CURLoption option, Value value) {
  const CURLcode set = curl_easy_setopt(handle, option, value);
  TOCSIN_CHECK(set == CURLE_OK);
}

inline void append(CurlList& list, const char* line) {
  curl_slist* longer = curl_slist_append(list.get(), line);
  TOCSIN_CHECK(longer != nullptr);
  (void)list.release();
  list.reset(longer);
}

}  // namespace tocsin::sinks
