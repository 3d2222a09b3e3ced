using System.Collections.Immutable;

namespace Superfactory.Model.Views;

/// <summary>What a job's islands read when they start, and where that lies. Immutable.</summary>
/// <param name="Name">What it is, such as <c>checkpoint 12</c>.</param>
/// <param name="Bytes">Its size; 0 where nobody has said.</param>
/// <param name="Sites">The sites that have all of it.</param>
/// <param name="Lacking">The sites at which the job starts, as far as they are known, that do not: there it has to be copied to.</param>
public sealed record InputView(string Name, long Bytes, ImmutableArray<string> Sites, ImmutableArray<string> Lacking);
