using System.Collections.Immutable;
using Superfactory.Model;

namespace Superfactory.Lab.Running;

/// <summary>Finds laboratories by what is kept of them.</summary>
internal static class Lookup
{
    /// <summary>All names.</summary>
    public static ImmutableArray<string> Names(string directory) => Directory.Exists(directory)
        ? [.. Directory.EnumerateFiles(directory, "*.json").Select(static file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>One of them, or the only one.</summary>
    public static Outcome<Laboratory> Open(string? name, string directory)
    {
        var names = Names(directory);
        var carrying = name is null && names.Length > 1
            ? names.Where(each => LaboratoryState.Read(LaboratoryState.FileOf(directory, each))?.IsLeftBehind == false).ToImmutableArray()
            : names;
        if (name is null && carrying.Length == 1)
        {
            name = carrying[0];
        }

        if (name is null)
        {
            return Missing(names.IsEmpty
                ? new Problem("No laboratory is up.", Hint: "Set one up with 'superfactory lab up TOPOLOGY.yaml'.")
                : new Problem($"Several laboratories are up: {string.Join(", ", names)}.", Hint: "Say which one with --lab NAME."));
        }

        if (!names.Contains(name))
        {
            return Missing(new Problem($"No laboratory '{name}' is up.", Hint: NearMatch.Hint(name, names) ?? (names.IsEmpty ? null : $"There is {string.Join(", ", names)}.")));
        }

        var state = LaboratoryState.Read(LaboratoryState.FileOf(directory, name));
        return state is null
            ? Missing(new Problem($"{LaboratoryState.FileOf(directory, name)} cannot be read; it says what laboratory '{name}' is."))
            : new Outcome<Laboratory>(new Laboratory(directory, state, fibre: null, []));
    }

    private static Outcome<Laboratory> Missing(Problem problem) => new([problem]);
}
