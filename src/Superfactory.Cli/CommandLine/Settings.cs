using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Superfactory.Model;

namespace Superfactory.Cli.CommandLine;

/// <summary>The makers of options and arguments: each checks what it is given and says in one sentence what was expected.</summary>
internal static class Settings
{
    /// <summary>A whole number within bounds.</summary>
    public static Option<long> Whole(string name, string description, long minimum, long maximum, long? @default = null)
    {
        var option = new Option<long>(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result =>
            {
                var given = result.Tokens.Count == 1 ? result.Tokens[0].Value : string.Empty;
                if (!long.TryParse(given, out var value) || value < minimum || value > maximum)
                {
                    result.AddError($"{name}: '{given}' is no whole number from {minimum} to {maximum}.");
                }

                return value;
            },
        };
        if (@default is { } value)
        {
            option.DefaultValueFactory = _ => value;
        }

        return option;
    }

    /// <summary>One of the values of an enumeration, written as the API writes it; null unless given.</summary>
    public static Option<T?> Choice<T>(string name, string description)
        where T : struct, Enum
    {
        var known = Enum.GetValues<T>().ToDictionary(static value => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()), StringComparer.Ordinal);
        return new Option<T?>(name)
        {
            Description = description,
            HelpName = string.Join('|', known.Keys),
            CustomParser = result =>
            {
                var given = result.Tokens.Count == 1 ? result.Tokens[0].Value : string.Empty;
                if (known.TryGetValue(given, out var value))
                {
                    return value;
                }

                result.AddError($"{name}: '{given}' is none of {string.Join(", ", known.Keys)}. {NearMatch.Hint(given, known.Keys)}".TrimEnd());
                return null;
            },
        };
    }

    /// <summary>Values of an enumeration, written as the API writes them, apart by commas; empty unless given.</summary>
    public static Option<ImmutableArray<T>> Choices<T>(string name, string helpName, string description)
        where T : struct, Enum
    {
        var known = Enum.GetValues<T>().ToDictionary(static value => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()), StringComparer.Ordinal);
        return new Option<ImmutableArray<T>>(name)
        {
            Description = description,
            HelpName = helpName,
            DefaultValueFactory = static _ => [],
            CustomParser = result =>
            {
                var chosen = ImmutableArray.CreateBuilder<T>();
                foreach (var given in (result.Tokens.Count == 1 ? result.Tokens[0].Value : string.Empty).Split(',', StringSplitOptions.TrimEntries))
                {
                    if (!known.TryGetValue(given, out var value))
                    {
                        result.AddError($"{name}: '{given}' is none of {string.Join(", ", known.Keys)}. {NearMatch.Hint(given, known.Keys)}".TrimEnd());
                        return [];
                    }

                    chosen.Add(value);
                }

                return chosen.ToImmutable();
            },
        };
    }

    /// <summary>A text, absent unless given.</summary>
    public static Option<string?> Text(string name, string helpName, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = helpName };

    /// <summary>A switch.</summary>
    public static Option<bool> Switch(string name, string description) => new(name) { Description = description };

    /// <summary>The state directory.</summary>
    public static Option<string?> State() =>
        Text("--state", "DIR", "The state directory. [default: $XDG_STATE_HOME/superfactory or ~/.local/state/superfactory]");

    /// <summary>The directory of corpora.</summary>
    public static Option<string?> Data() =>
        Text("--data", "DIR", "The directory of corpora. [default: corpora in the state directory]");

    /// <summary>The switch that takes encryption off links.</summary>
    public static Option<bool> InsecureWan() => Switch("--insecure-wan", "Let links between sites go without encryption and certificates.");

    /// <summary>The switch that every listing has.</summary>
    public static Option<bool> Json() => Switch("--json", "Write JSON.");

    /// <summary>The switch that means all elements of a job's array.</summary>
    public static Option<bool> Array() => Switch("--array", "Do so to all elements of the job's array.");

    /// <summary>The number of a job.</summary>
    public static Argument<long> Job() => Number("ID", "The job's number, as 'superfactory jobs' lists it.", "a job", "superfactory jobs");

    /// <summary>The number of something that a command lists.</summary>
    public static Argument<long> Number(string name, string description, string what, string listing) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            var given = result.Tokens.Count == 1 ? result.Tokens[0].Value : string.Empty;
            if (!long.TryParse(given, out var value) || value < 1)
            {
                result.AddError($"'{given}' is no number of {what}: expected a whole number from 1, as '{listing}' lists it.");
            }

            return value;
        },
    };
}
