# SPDX-License-Identifier: Apache-2.0
# Puts FROM at TO, as it is shipped: stripped, its debug symbols beside it in TO.debug, if STRIP says so.
#
# TO is written beside its place and renamed: a program that has it loaded keeps what it has.
if(STRIP)
  execute_process(COMMAND "${OBJCOPY}" --only-keep-debug "${FROM}" "${TO}.debug" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND "${STRIPPER}" --strip-unneeded --remove-section=.comment -o "${TO}.new" "${FROM}"
    COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND "${OBJCOPY}" "--add-gnu-debuglink=${TO}.debug" "${TO}.new" COMMAND_ERROR_IS_FATAL ANY)
else()
  file(COPY_FILE "${FROM}" "${TO}.new")
endif()
file(RENAME "${TO}.new" "${TO}")
