using System.Collections.Immutable;

namespace Superfactory.Lab.Running;

/// <summary>How a laboratory is run. Immutable.</summary>
public sealed record LaboratoryOptions
{
    /// <summary>Where what is known of each laboratory that is up is kept.</summary>
    public const string DefaultDirectory = "/run/superfactory/lab";

    /// <summary>
    /// The program that calls <see cref="Superfactory.Lab.Fibre.FibreProgram.RunAsync"/> with the arguments that are appended to this, such as
    /// <c>superfactory lab-fibre</c>: it carries the packets, as a process of its own.
    /// </summary>
    public required ImmutableArray<string> FibreCommand { get; init; }

    /// <summary>Variables that the program needs besides those of this process.</summary>
    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>
    /// Whether the laboratory lives on when this process ends, until someone takes it down. Default false: it goes with this process, however that ends.
    /// </summary>
    public bool LivesOn { get; init; }

    /// <summary>Where what is known of each laboratory is kept. Default <see cref="DefaultDirectory"/>.</summary>
    public string Directory { get; init; } = DefaultDirectory;
}
