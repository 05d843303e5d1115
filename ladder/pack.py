"""Shards of the ladder, packed: moves and best moves as places among the legal ones; and back."""
import sys, lzma, glob, io, os
from pathlib import Path
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
sys.path.insert(0,'/work/main/arenas/build')
from games import replay
from positions import POSITIONS, GAMES, write, shard
from w2s.games import game
def pack(folder,name,out):
    out.mkdir(parents=True,exist_ok=True)
    n=0
    while shard(folder,name,n,'positions').exists():
        target=out/f'{name}-{n:05d}.parquet'
        if not target.exists():
            g=pq.read_table(shard(folder,name,n,'games')); p=pq.read_table(shard(folder,name,n,'positions'))
            assert p.num_rows==sum(len(r['moves'].split())-r['opening_plies'] for r in g.to_pylist())
            best=p['best'].to_pylist(); val=p['value_cp'].to_pylist()
            mv=[];bi=[];k=0;rows=g.to_pylist()
            for r in rows:
                moves=r['moves'].split()
                for st in replay(name,moves,r['opening_plies']):
                    legal=st.legal_moves(); pl=moves[st.ply]
                    mv.append(legal.index(pl)); b=best[k]
                    bi.append(0 if b==pl else 1+legal.index(b)); k+=1
            t=pa.table({'moves':[np.array(mv,np.uint8).tobytes()],'best':[np.array(bi,np.uint8).tobytes()],
               'value':[np.clip(np.round(np.array(val,np.float32)/16),-2048,2047).astype(np.int16).tobytes()] if 0 else [b''],
               'opening':[' | '.join(' '.join(r['moves'].split()[:r['opening_plies']]) for r in rows)],
               'plies':[np.array([len(r['moves'].split())-r['opening_plies'] for r in rows],np.uint16).tobytes()],
               'players':[','.join(' '.join(r['players']) for r in rows)],'first':[rows[0]['number']]})
            pq.write_table(t,target,compression='zstd',compression_level=19)
        n+=1
    print(n,'shards',sum(f.stat().st_size for f in out.glob(f'{name}-*')))
def unpack(src,folder,name):
    for path in sorted(src.glob(f'{name}-*.parquet')):
        n=int(path.stem.rpartition('-')[2])
        if shard(folder,name,n,'positions').exists(): continue
        r=pq.read_table(path).to_pylist()[0]
        mv=np.frombuffer(r['moves'],np.uint8); bi=np.frombuffer(r['best'],np.uint8); plies=np.frombuffer(r['plies'],np.uint16)
        rows=[];k=0
        for i,(op,pl,who) in enumerate(zip(r['opening'].split(' | '),plies,r['players'].split(','))):
            who=who.split(' '); line=op.split()
            st=game(name).state('startpos',line)
            for _ in range(int(pl)):
                legal=st.legal_moves(); played=legal[mv[k]]; best=played if bi[k]==0 else legal[bi[k]-1]
                rows.append((r['first']+i,st.ply,st.position,st.key,who[st.to_move],played,best,0)); k+=1
                st=st.play(played)
        cols=list(zip(*rows))
        write(pa.table([pa.array(c,type=f.type) for c,f in zip(cols,POSITIONS)],schema=POSITIONS),shard(folder,name,n,'positions'))
        print(n,len(rows),flush=True)
if __name__=='__main__':
    what,name=sys.argv[1:3]
    if what=='pack': pack(Path('~/.cache/w2s-ladder').expanduser(),name,Path(sys.argv[3]))
    else: unpack(Path(sys.argv[3]),Path(sys.argv[4]).expanduser(),name)
