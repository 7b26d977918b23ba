#include "bench/regex_sets.h"

#include <re2/re2.h>
#include <re2/set.h>

#include "engine/base/check.h"

#ifdef TOCSIN_HYPERSCAN
#include <hs.h>
#endif

namespace tocsin::bench {
namespace {

constexpr std::int64_t kRe2Memory = std::int64_t{256} << 20;  // more than its automaton ever needs here

class Re2Set final : public RegexSet {
 public:
  explicit Re2Set(const std::vector<std::string>& regexes) : set_(options(), re2::RE2::UNANCHORED) {
    for (const std::string& regex : regexes) TOCSIN_CHECK(set_.Add(regex, nullptr) >= 0);
    TOCSIN_CHECK(set_.Compile());
  }

  std::uint64_t matches(std::string_view line) override {
    found_.clear();
    set_.Match(re2::StringPiece(line.data(), line.size()), &found_);
    return found_.size();
  }

 private:
  static re2::RE2::Options options() {
    re2::RE2::Options options;
    options.set_max_mem(kRe2Memory);
    return options;
  }

  re2::RE2::Set set_;
  std::vector<int> found_;
};

#ifdef TOCSIN_HYPERSCAN
class HyperscanSet final : public RegexSet {
 public:
  explicit HyperscanSet(const std::vector<std::string>& regexes) {
    std::vector<const char*> texts;
    std::vector<unsigned> flags(regexes.size(), HS_FLAG_SINGLEMATCH);
    std::vector<unsigned> ids;
    for (const std::string& regex : regexes) {
      texts.push_back(regex.c_str());
      ids.push_back(static_cast<unsigned>(ids.size()));
    }
    hs_compile_error_t* error = nullptr;
    const auto compiled =
        hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(ids.size()),
                         HS_MODE_BLOCK, nullptr, &database_, &error);
    TOCSIN_CHECK(compiled == HS_SUCCESS);
    TOCSIN_CHECK(hs_alloc_scratch(database_, &scratch_) == HS_SUCCESS);
  }
  ~HyperscanSet() override {
    hs_free_scratch(scratch_);
    hs_free_database(database_);
  }
  HyperscanSet(const HyperscanSet&) = delete;
  HyperscanSet& operator=(const HyperscanSet&) = delete;

  std::uint64_t matches(std::string_view line) override {
    std::uint64_t found = 0;
    hs_scan(database_, line.data(), static_cast<unsigned>(line.size()), 0, scratch_, count, &found);
    return found;
  }

 private:
  static int count(unsigned, unsigned long long, unsigned long long, unsigned, void* found) {
    ++*static_cast<std::uint64_t*>(found);
    return 0;
  }

  hs_database_t* database_ = nullptr;
  hs_scratch_t* scratch_ = nullptr;
};
#endif

}  // namespace

std::unique_ptr<RegexSet> re2_set(const std::vector<std::string>& regexes) {
  return std::make_unique<Re2Set>(regexes);
}

std::unique_ptr<RegexSet> hyperscan_set([[maybe_unused]] const std::vector<std::string>& regexes) {
#ifdef TOCSIN_HYPERSCAN
  return std::make_unique<HyperscanSet>(regexes);
#else
  return nullptr;
#endif
}

}  // namespace tocsin::bench
