using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;

namespace Superfactory.Lab.Fibre;

/// <summary>What the program that carries packets can be asked, one a connection, as a line of JSON. Immutable.</summary>
internal sealed record FibreOrder
{
    /// <summary>What to do.</summary>
    public required FibreAction Action { get; init; }

    /// <summary>The link's ends; null for <see cref="FibreAction.Status"/>.</summary>
    public string? A { get; init; }

    /// <summary>The link's other end.</summary>
    public string? B { get; init; }

    /// <summary>For <see cref="FibreAction.Set"/>.</summary>
    public LinkChange? Change { get; init; }
}

/// <summary>What the program can do.</summary>
internal enum FibreAction
{
    /// <summary>Say how things are.</summary>
    Status,

    /// <summary>Cut a link.</summary>
    Cut,

    /// <summary>Restore it.</summary>
    Restore,

    /// <summary>Change it.</summary>
    Set,
}

/// <summary>Its answer, as a line of JSON: how things are afterwards, or why not. Immutable.</summary>
internal sealed record FibreAnswer
{
    /// <summary>How things are afterwards.</summary>
    public LabStatus? Status { get; init; }

    /// <summary>Why it could not be done.</summary>
    public string? Problem { get; init; }
}
