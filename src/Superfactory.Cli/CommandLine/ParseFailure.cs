using System.CommandLine;
using System.CommandLine.Parsing;
using Superfactory.Model;

namespace Superfactory.Cli.CommandLine;

/// <summary>Says in one sentence what is wrong with a command line. Pure.</summary>
internal static class ParseFailure
{
    /// <summary>The first thing that is wrong; null where nothing is.</summary>
    public static Problem? Of(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        var command = parsed.CommandResult.Command;
        var help = $"See '{Path(parsed.CommandResult)} --help'.";
        if (parsed.UnmatchedTokens.Count > 0)
        {
            return Unmatched(parsed.UnmatchedTokens[0], command, parsed.CommandResult, help);
        }

        if (parsed.Errors.Count == 0)
        {
            return null;
        }

        // A command that only holds others needs one of them.
        return command.Subcommands.Count > 0 && command.Action is null
            ? new Problem($"A command is missing after '{Path(parsed.CommandResult)}': expected one of {Names(command)}.", Hint: help)
            : new Problem(Sentence(parsed.Errors[0].Message), Hint: help);
    }

    private static Problem Unmatched(string token, Command command, CommandResult result, string help)
    {
        var path = Path(result);
        if (token.StartsWith('-'))
        {
            var name = token.Split('=')[0];
            var options = OptionsOf(result).SelectMany(static option => option.Aliases.Prepend(option.Name)).Where(static known => known.StartsWith("--", StringComparison.Ordinal));
            return new Problem($"'{name}' is no option of '{path}'.", Hint: NearMatch.Hint(name, options) ?? help);
        }

        if (command.Subcommands.Count > 0)
        {
            var known = command.Subcommands.Where(static subcommand => !subcommand.Hidden).Select(static subcommand => subcommand.Name);
            return new Problem($"'{token}' is no command of '{path}': expected one of {Names(command)}.", Hint: NearMatch.Hint(token, known));
        }

        return new Problem($"'{token}' is one argument too many for '{path}'.", Hint: help);
    }

    private static IEnumerable<Option> OptionsOf(SymbolResult? result)
    {
        for (; result is CommandResult current; result = current.Parent)
        {
            foreach (var option in current.Command.Options.Where(option => !option.Hidden && (option.Recursive || current == result)))
            {
                yield return option;
            }
        }
    }

    private static string Sentence(string text) => text is [.., '.' or '?'] ? text : text + ".";

    private static string Names(Command command) =>
        string.Join(", ", command.Subcommands.Where(static subcommand => !subcommand.Hidden).Select(static subcommand => subcommand.Name));

    private static string Path(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{Path(parent)} {result.Command.Name}" : "superfactory";
}
