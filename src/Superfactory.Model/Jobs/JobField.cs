using System.Collections.Immutable;
using System.Globalization;

namespace Superfactory.Model.Jobs;

/// <summary>What a field of a job file holds.</summary>
public enum JobFieldKind
{
    /// <summary>More fields.</summary>
    Section,

    /// <summary>A name, see <see cref="FactoryName"/>.</summary>
    Name,

    /// <summary>One of a few words.</summary>
    Choice,

    /// <summary>Yes or no, written <c>true</c> or <c>false</c>.</summary>
    Flag,

    /// <summary>A whole number.</summary>
    Whole,

    /// <summary>A number that may have a fraction.</summary>
    Number,

    /// <summary>A list of site names, or how many sites.</summary>
    Sites,

    /// <summary>A list of site names.</summary>
    SiteNames,

    /// <summary>A program and its arguments.</summary>
    Command,

    /// <summary>A kind of hardware, several in order of preference, or <c>any</c>.</summary>
    Hardware,

    /// <summary>Several texts.</summary>
    Texts,

    /// <summary>The absolute path of a folder.</summary>
    Folder,

    /// <summary>Names and values of environment variables.</summary>
    Variables,

    /// <summary>Names of roles, with fields under each.</summary>
    Roles,

    /// <summary>A bandwidth with its unit, see <see cref="Units.Bandwidth"/>.</summary>
    Rate,
}

/// <summary>One field of a job file: what <see cref="JobFile"/> accepts and <c>docs/job.md</c> says of it. Immutable.</summary>
public sealed record JobField
{
    /// <summary>Where it stands, such as <c>sync.outer.momentum</c>.</summary>
    public required string Path { get; init; }

    /// <summary>What it holds.</summary>
    public required JobFieldKind Kind { get; init; }

    /// <summary>What it means, in a sentence.</summary>
    public required string Meaning { get; init; }

    /// <summary>What its number counts; null where it counts nothing.</summary>
    public string? Unit { get; init; }

    /// <summary>What holds where it is absent, in the words of the documentation.</summary>
    public required string Default { get; init; }

    /// <summary>The least number, for a list the fewest items.</summary>
    public double Minimum { get; init; }

    /// <summary>The greatest number, for a list the most items.</summary>
    public double Maximum { get; init; }

    /// <summary>Whether the number must be over <see cref="Minimum"/>.</summary>
    public bool OverMinimum { get; init; }

    /// <summary>Whether the number must be under <see cref="Maximum"/>.</summary>
    public bool UnderMaximum { get; init; }

    /// <summary>The words of a <see cref="JobFieldKind.Choice"/> or a <see cref="JobFieldKind.Flag"/>.</summary>
    public ImmutableArray<string> Choices { get; init; } = [];

    /// <summary>The last part of <see cref="Path"/>.</summary>
    public string Name => Path[(Path.LastIndexOf('.') + 1)..];

    /// <summary>The section it stands in; empty at the top.</summary>
    public string Section => Path.LastIndexOf('.') is var point && point < 0 ? string.Empty : Path[..point];

    /// <summary>What it accepts, in the words of the documentation; <c>–</c> for a section.</summary>
    public string Range => Kind switch
    {
        JobFieldKind.Section => "–",
        JobFieldKind.Name => "a name",
        JobFieldKind.Choice or JobFieldKind.Flag => Choices is [.. var first, var last] && first.Length > 0 ? $"{string.Join(", ", first)} or {last}" : string.Concat(Choices),
        JobFieldKind.Hardware => $"{string.Join(", ", Choices)}, a list of these, or any",
        JobFieldKind.Whole or JobFieldKind.Number => Interval,
        JobFieldKind.Sites => $"{Interval} names, or a count",
        JobFieldKind.SiteNames => $"{Interval} names",
        JobFieldKind.Command or JobFieldKind.Texts => $"{Interval} texts",
        JobFieldKind.Folder => "an absolute path",
        JobFieldKind.Roles => $"{Interval} roles by name",
        JobFieldKind.Rate => $"1bit to {new Units.Bandwidth(Units.Bandwidth.MaxBitsPerSecond)}",
        _ => $"{Interval} variables",
    };

    /// <summary>What was expected of it, as the end of a sentence.</summary>
    internal string Expected => Kind switch
    {
        JobFieldKind.Section => $"fields under it, such as {FirstField}",
        JobFieldKind.Name => "a name",
        JobFieldKind.Choice or JobFieldKind.Flag or JobFieldKind.Hardware => Range,
        JobFieldKind.Whole => $"a whole number{Counted}, {Interval}",
        JobFieldKind.Number => $"a number{Counted}, {Interval}",
        JobFieldKind.Sites => $"a list of site names such as [wisconsin, atlanta], or how many sites, {Interval}",
        JobFieldKind.SiteNames => "a list of site names such as [wisconsin, atlanta]",
        JobFieldKind.Command => "a list of a program and its arguments, such as [python3, train.py]",
        JobFieldKind.Texts => "a list of texts, such as [\"embedding.* blocks.0.*\", \"blocks.1.* head.*\"]",
        JobFieldKind.Folder => "an absolute path, such as /srv/my-model",
        JobFieldKind.Rate => "a rate, such as 40mbit or 1.5gbit",
        JobFieldKind.Roles => "roles by name, such as {rollout: {count: 4, command: [python3, rollout.py]}}",
        _ => "variables and their values, such as {NAME: value}",
    };

    private string Counted => Unit is null ? string.Empty : $" of {Unit}";

    private string FirstField => JobFields.All.First(inner => inner.Section == Path).Name;

    private string Interval
    {
        get
        {
            var (least, most) = (Format(Minimum), Format(Maximum));
            return (OverMinimum, UnderMaximum) switch
            {
                (true, true) => $"over {least}, under {most}",
                (true, false) => $"over {least}, up to {most}",
                (false, true) => $"{least} up to, not including, {most}",
                (false, false) => $"{least} to {most}",
            };
        }
    }

    /// <summary>Whether a number is one that the field accepts; NaN is none.</summary>
    internal bool Accepts(double value) =>
        (OverMinimum ? value > Minimum : value >= Minimum) && (UnderMaximum ? value < Maximum : value <= Maximum);

    private static string Format(double value) => value.ToString("#,0.###", CultureInfo.InvariantCulture);
}
