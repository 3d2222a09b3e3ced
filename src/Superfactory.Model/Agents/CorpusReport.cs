namespace Superfactory.Model.Agents;

/// <summary>A corpus that lies at a site. Immutable.</summary>
/// <param name="Name">Its name, which is also its directory's.</param>
/// <param name="Sha256">Identifies its content, as its index states: 64 hexadecimal digits.</param>
/// <param name="Bytes">The bytes of its shards.</param>
public sealed record CorpusReport(string Name, string Sha256, long Bytes);
