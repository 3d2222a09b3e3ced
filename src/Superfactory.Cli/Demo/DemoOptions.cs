using Superfactory.Model.Jobs;

namespace Superfactory.Cli.Demo;

/// <summary>What <c>superfactory demo</c> was asked for. Immutable.</summary>
internal sealed record DemoOptions
{
    /// <summary>The fewest sites that make a run across sites.</summary>
    public const int SitesMin = 2;

    /// <summary>The most sites.</summary>
    public const int SitesMax = 8;

    /// <summary>The emulated link unless another is named: a city apart.</summary>
    public const string DefaultWan = "100mbit,14ms";

    /// <summary>The job file that is run, in the project.</summary>
    public const string JobFile = "examples/pretrain-two-sites.yaml";

    /// <summary>Sites, <see cref="SitesMin"/> to <see cref="SitesMax"/>.</summary>
    public required int Sites { get; init; }

    /// <summary>Steps of each island; null as in the job file.</summary>
    public long? Steps { get; init; }

    /// <summary>What is merged when; null as in the job file.</summary>
    public SyncMode? Mode { get; init; }

    /// <summary>The seed; null as in the job file.</summary>
    public int? Seed { get; init; }

    /// <summary>The emulated link, as <c>--wan</c> takes it.</summary>
    public string Wan { get; init; } = DefaultWan;

    /// <summary>Whether the links between sites go without encryption.</summary>
    public bool InsecureWan { get; init; }

    /// <summary>Where the report goes as JSON; null nowhere.</summary>
    public string? JsonFile { get; init; }

    /// <summary>Whether the state directory is left.</summary>
    public bool Keep { get; init; }
}
