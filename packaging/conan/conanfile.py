"""The library for Conan 2, built from this source tree. In the tree's root:

    conan create packaging/conan --build=missing
"""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load

required_conan_version = ">=2.0"
SOURCES = ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*", "testing/*", "prometheus/*", "docs/man/*",
           "docs/redlock.schema.json", "completions/*")


class RedlockConan(ConanFile):
    name = "redlock"
    description = "Distributed locks over independent Redis servers for Boost.Asio"
    license = "MIT"
    topics = ("redis", "lock", "redlock", "boost", "asio")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False], "command": [True, False]}
    default_options = {"shared": False, "fPIC": True, "command": False, "boost/*:without_url": False,
                       "boost/*:without_json": False}
    implements = ["auto_shared_fpic"]

    def _tree(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        header = load(self, os.path.join(self._tree(), "include", "redlock", "version.hpp"))
        numbers = dict(re.findall(r"#define REDLOCK_VERSION_(MAJOR|MINOR|PATCH) (\d+)", header))
        self.version = f"{numbers['MAJOR']}.{numbers['MINOR']}.{numbers['PATCH']}"

    def export_sources(self):
        for pattern in SOURCES:
            copy(self, pattern, self._tree(), self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        # Headers of Asio and Boost.System are part of the interface.
        self.requires("boost/[>=1.81 <2]", transitive_headers=True)
        self.requires("fmt/[>=9 <12]")
        self.requires("hiredis/[>=0.14 <2]")
        self.requires("openssl/[>=3 <4]")
        self.requires("tomlplusplus/[>=3.3 <4]")
        if self.options.command:
            self.requires("cli11/[>=2.3 <3]")

    def validate(self):
        check_min_cppstd(self, 20)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables.update({
            "BUILD_SHARED_LIBS": bool(self.options.shared),
            "REDLOCK_COMMAND": bool(self.options.command),
            "REDLOCK_EXAMPLES": False,
            "REDLOCK_BENCH": False,
            "REDLOCK_TESTS": False,
            "REDLOCK_TESTING": False,
            "REDLOCK_PROMETHEUS": False,
            "REDLOCK_WERROR": False,
        })
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_info(self):
        # The library's own CMake package serves its users; Conan's has to write none.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "redlock")]
        self.cpp_info.libs = ["redlock"]
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["pthread"]
