using System.CommandLine;
using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Tests.CommandLine;

/// <summary>docs/cli.md says all that the command tree does.</summary>
public sealed class DocumentationTests
{
    private static readonly string _text = File.ReadAllText(Path.Combine(CommandProcess.Home, "docs", "cli.md"));

    [Fact]
    public void Every_command_has_its_heading()
    {
        foreach (var (path, _) in Commands())
        {
            _text.ShouldContain($"\n### `{path}`", customMessage: path);
        }
    }

    [Fact]
    public void Every_option_and_argument_stands_in_its_command_s_section()
    {
        foreach (var (path, command) in Commands())
        {
            var section = Section(path);
            foreach (var option in command.Options.Where(option => !option.Hidden && option is not System.CommandLine.Help.HelpOption))
            {
                section.ShouldContain($"`{option.Name}", Case.Sensitive, customMessage: $"{path} {option.Name}");
            }

            foreach (var argument in command.Arguments)
            {
                section.ShouldContain(argument.Name, Case.Sensitive, customMessage: $"{path} {argument.Name}");
            }
        }
    }

    [Fact]
    public void Every_documented_option_exists()
    {
        var known = Commands().SelectMany(static entry => entry.Command.Options).Concat(Root().Options).Select(static option => option.Name).ToHashSet();
        known.UnionWith(["--help", "--spec", "--config"]);
        System.Text.RegularExpressions.Regex.Matches(_text, "`(--[a-z-]+)").Select(static match => match.Groups[1].Value)
            .Where(option => !known.Contains(option)).ShouldBeEmpty();
    }

    private static RootCommand Root() => CommandTree.Create(new Terminal(TextWriter.Null, TextWriter.Null, isInteractive: false));

    private static IEnumerable<(string Path, Command Command)> Commands() => Below("superfactory", Root());

    private static IEnumerable<(string Path, Command Command)> Below(string path, Command command) =>
        command.Subcommands.Where(static subcommand => !subcommand.Hidden).SelectMany(subcommand =>
            Below($"{path} {subcommand.Name}", subcommand).Prepend(($"{path} {subcommand.Name}", subcommand)))
        .Where(static entry => entry.Item2.Subcommands.Count == 0 || entry.Item2.Action is not null);

    private static string Section(string path)
    {
        var start = _text.IndexOf($"\n### `{path}`", StringComparison.Ordinal);
        var end = _text.IndexOf("\n##", start + 5, StringComparison.Ordinal);
        return end < 0 ? _text[start..] : _text[start..end];
    }
}
