# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# bash's completion of the command xelf. Commands, options and operands are read from what
# `xelf help` prints, so that there is one list of them.

_xelf()
{
	local xelf=${1/#\~\//$HOME/} current=$2 previous=$3 usage value operand=0 i

	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		_xelf_words "$("$xelf" help 2>/dev/null | sed -n 's/^  xelf \([^ ]*\).*/\1/p')"
		return
	fi
	usage=$("$xelf" help "${COMP_WORDS[1]}" 2>/dev/null | sed -n '/^$/q; s/^usage: xelf [^ ]*//p; s/^  //p' | tr '\n' ' ')

	for ((i = 2; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} != -* ]]; then
			operand=$i
			break
		elif [ -n "$(_xelf_value_of "${COMP_WORDS[i]}")" ]; then
			((i++))
		fi
	done
	if [[ $usage =~ PROGRAM && $operand != 0 ]]; then
		# From the program on, the line is a command of its own.
		if declare -F _command_offset >/dev/null; then
			_command_offset "$operand"
		fi
		return
	fi

	value=$(_xelf_value_of "$previous")
	case $value in
	'') ;;
	# exec|entry|SECONDS: the words, but for those that stand for something.
	*\|*)
		_xelf_words "$(tr '|' '\n' <<<"$value" | grep '[a-z]')"
		return
		;;
	OUT* | FILE* | DIR* | PATH*) return ;;
	*)
		# A number or the like.
		compopt +o default
		return
		;;
	esac
	if [[ $current == -* ]]; then
		_xelf_words "--help $(grep -oE -e '--?[a-z][a-z-]*' <<<"$usage")"
	elif [[ $usage =~ PROGRAM ]]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$current")
	elif [ "${COMP_WORDS[1]}" = help ]; then
		_xelf_words "$("$xelf" help 2>/dev/null | sed -n 's/^  xelf \([a-z]*\).*/\1/p')"
	fi
}

# _xelf_value_of OPTION: what the usage line calls the option's value; nothing if it takes none.
_xelf_value_of()
{
	local value="(^|[^[:alnum:]-])$1[ =]([A-Za-z|]+)"

	if [[ $1 == -?* && $1 != -- && $usage =~ $value ]]; then
		echo "${BASH_REMATCH[2]}"
	fi
}

# _xelf_words WORDS: completes one of them.
_xelf_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
}

# What is not completed above is a file.
complete -o default -F _xelf xelf
